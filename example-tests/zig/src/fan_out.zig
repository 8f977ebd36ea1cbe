//! One event, three deliveries.

const std = @import("std");
const orbital = @import("orbital");
const User = @import("user.zig");

pub const case = orbital.case("fan-out", fanOut, .{ .every = "1s", .timeout = "5s" });

fn fanOut() !void {
    const id = orbital.newId();
    const order = orbital.json(User{ .id = id, .type = "order" });
    _ = try orbital.sendEvent(@src(), .{ .target = "api", .key = id, .json = order });

    const deliveries = try orbital.waitN(@src(), &.{id}, 3);
    var destinations: [3][]const u8 = undefined;
    for (deliveries, &destinations) |delivery, *destination| {
        destination.* = try delivery.pointer(@src(), []const u8, "/destination");
        const is_own = std.mem.endsWith(u8, delivery.path, orbital.print("/hooks/{s}", .{destination.*}));
        orbital.check(@src(), is_own, "{s} got {s}", .{ destination.*, delivery.path });
    }
    std.mem.sort([]const u8, &destinations, {}, isBefore);
    orbital.checkEq(@src(), destinations, .{ "analytics", "billing", "shipping" });
    // In the order in which they came, so that this is from the first to the last.
    const spread = deliveries[2].received_at - deliveries[0].received_at;
    if (!orbital.failed()) try orbital.histogram(@src(), "fan_out_spread_seconds", spread, &.{});
}

fn isBefore(_: void, left: []const u8, right: []const u8) bool {
    return std.mem.lessThan(u8, left, right);
}
