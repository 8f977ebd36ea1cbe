const std = @import("std");
const orbital = @import("orbital");

pub fn build(b: *std.Build) void {
    _ = orbital.addSuite(b, .{ .root_source_file = b.path("src/main.zig") });
}
