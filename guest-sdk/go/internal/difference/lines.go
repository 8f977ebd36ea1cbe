package difference

// line is a line of the left text (-), of the right one (+), or of both.
type line struct {
	sign rune
	text string
}

// compare finds the longest common subsequence of both texts' lines. What they begin and end with in common is left
// out of that, as it is most of what people compare.
func compare(left, right []string) []line {
	var compared, end []line
	for len(left) > 0 && len(right) > 0 && left[0] == right[0] {
		compared = append(compared, line{' ', left[0]})
		left, right = left[1:], right[1:]
	}
	for len(left) > 0 && len(right) > 0 && left[len(left)-1] == right[len(right)-1] {
		end = append(end, line{' ', left[len(left)-1]})
		left, right = left[:len(left)-1], right[:len(right)-1]
	}

	common := commonLengths(left, right)
	row, column := 0, 0
	for row < len(left) || column < len(right) {
		switch {
		case row < len(left) && column < len(right) && left[row] == right[column]:
			compared = append(compared, line{' ', left[row]})
			row, column = row+1, column+1
		case column == len(right) || row < len(left) && common[row+1][column] >= common[row][column+1]:
			compared = append(compared, line{'-', left[row]})
			row++
		default:
			compared = append(compared, line{'+', right[column]})
			column++
		}
	}
	for index := len(end) - 1; index >= 0; index-- {
		compared = append(compared, end[index])
	}
	return compared
}

// commonLengths has for each pair of places how many lines the rests of both texts have in common.
func commonLengths(left, right []string) [][]int32 {
	common := make([][]int32, len(left)+1)
	for row := range common {
		common[row] = make([]int32, len(right)+1)
	}
	for row := len(left) - 1; row >= 0; row-- {
		for column := len(right) - 1; column >= 0; column-- {
			if left[row] == right[column] {
				common[row][column] = common[row+1][column+1] + 1
			} else {
				common[row][column] = max(common[row+1][column], common[row][column+1])
			}
		}
	}
	return common
}
