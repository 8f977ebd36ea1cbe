//! What events and deliveries of this suite are about.

id: []const u8,
type: []const u8 = "signup",
email: []const u8 = "ada@example.com",
