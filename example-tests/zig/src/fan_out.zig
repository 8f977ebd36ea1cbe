//! One event, three deliveries, in the order that the pipeline guarantees.

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
    orbital.checkEq(@src(), destinations, .{ "billing", "shipping", "analytics" });
    const spread = deliveries[2].received_at - deliveries[0].received_at;
    if (!orbital.failed()) try orbital.histogram(@src(), "fan_out_spread_seconds", spread, &.{});
}
