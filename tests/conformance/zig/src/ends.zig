//! The ways in which a case can end.

const orbital = @import("orbital");

pub fn passes() !void {}

pub fn fails() !void {
    orbital.fail(@src(), "first", .{});
    orbital.fail(@src(), "second", .{});
}

pub fn returnsError() !void {
    return orbital.fatal(@src(), "no invoice", .{});
}

const Item = struct { sku: []const u8, n: u8 };

const Basket = struct { id: []const u8, items: [2]Item };

pub fn differs() !void {
    orbital.checkEq(@src(), basket(2), basket(3));
}

fn basket(last: u8) Basket {
    return .{ .id = "7", .items = .{ .{ .sku = "a", .n = 1 }, .{ .sku = "b", .n = last } } };
}

pub fn uncaught() !void {
    var numbers: []const u8 = &.{ 1, 2 };
    _ = &numbers;
    orbital.info("{d}", .{third(numbers)});
}

/// The third of what has only two.
noinline fn third(numbers: []const u8) u8 {
    return numbers[2];
}
