package guest

//go:generate ../generate
