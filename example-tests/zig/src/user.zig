//! The content of this suite's events and deliveries.

id: []const u8,
type: []const u8 = "signup",
email: []const u8 = "ada@example.com",
