//! What goes to the system under test, and what comes back.

const std = @import("std");
const orbital = @import("orbital");

const User = struct { id: []const u8, type: []const u8 = "signup", email: []const u8 = "ada@example.com" };

pub fn smoke() !void {
    const id = orbital.newId();
    _ = try orbital.sendEvent(@src(), .{ .target = "api", .key = id, .json = orbital.json(User{ .id = id }) });
    const delivery = try orbital.waitFor(@src(), id);
    orbital.checkEq(@src(), try delivery.pointer(@src(), bool, "/processed"), true);
}

pub fn fanOut() !void {
    const id = orbital.newId();
    const order = orbital.json(User{ .id = id, .type = "order" });
    _ = try orbital.sendEvent(@src(), .{ .target = "api", .key = id, .json = order });
    const deliveries = try orbital.waitN(@src(), &.{id}, 3);
    var destinations: [3][]const u8 = undefined;
    for (deliveries, &destinations) |delivery, *destination| {
        destination.* = try delivery.pointer(@src(), []const u8, "/destination");
        const hook = orbital.print("/hooks/{s}", .{destination.*});
        const is_own = std.mem.endsWith(u8, delivery.path, hook);
        orbital.check(@src(), is_own, "{s} got {s}", .{ destination.*, delivery.path });
    }
    std.mem.sort([]const u8, &destinations, {}, isBefore);
    orbital.checkEq(@src(), destinations, .{ "analytics", "billing", "shipping" });
    const spread = deliveries[2].received_at - deliveries[0].received_at;
    try orbital.histogram(@src(), "fan_out_spread_seconds", spread, &.{});
}

fn isBefore(_: void, left: []const u8, right: []const u8) bool {
    return std.mem.lessThan(u8, left, right);
}

pub fn exactlyOnce() !void {
    const id = orbital.newId();
    for ([_]bool{ false, true }) |is_second| {
        const event: orbital.Event = .{ .target = "api", .key = id, .json = orbital.json(User{ .id = id }) };
        const receipt = try (try orbital.sendEvent(@src(), event)).success(@src());
        orbital.checkEq(@src(), try receipt.pointer(@src(), bool, "/duplicate"), is_second);
    }
    _ = try orbital.waitFor(@src(), id);
    try orbital.noDeliveryWithin(@src(), id, "300ms");
}

pub fn serverMadeId() !void {
    const event: orbital.Event = .{ .target = "api", .json = orbital.json(.{ .email = "ada@example.com" }) };
    const receipt = try (try orbital.sendEvent(@src(), event)).success(@src());
    const delivery = try orbital.waitFor(@src(), try receipt.pointer(@src(), []const u8, "/id"));
    orbital.checkEq(@src(), try delivery.pointer(@src(), []const u8, "/email"), "ada@example.com");
}

pub fn plannedReplies() !void {
    const id = orbital.newId();
    try orbital.expect(@src(), id, &.{ .{ .status = 500 }, .{ .status = 200, .delay = "3s" }, .{ .status = 200 } });
    _ = try orbital.sendEvent(@src(), .{ .target = "api", .key = id, .json = orbital.json(User{ .id = id }) });
    const first = try orbital.waitFor(@src(), id);
    for ([_][]const u8{ "answered with 500", "left without an answer" }) |failure| {
        const again = orbital.waitForWithin(@src(), id, "2s") catch {
            const why = orbital.reason();
            return orbital.fatal(@src(), "a delivery that was {s} is not tried again: {s}", .{ failure, why });
        };
        const Value = std.json.Value;
        orbital.checkEq(@src(), try again.json(@src(), Value), try first.json(@src(), Value));
    }
    try orbital.noDeliveryWithin(@src(), id, "500ms");
}

pub fn bigBody() !void {
    const body = try orbital.allocator.alloc(u8, 3 << 20);
    @memset(body, 'x');
    const receipt = try orbital.sendEvent(@src(), .{ .target = "api", .key = orbital.newId(), .body = body });
    orbital.info("answered {d}", .{receipt.status});
}

pub fn unknownTarget() !void {
    _ = try orbital.sendEvent(@src(), .{ .target = "nowhere" });
}

pub fn waitTimeout() !void {
    if (orbital.waitForWithin(@src(), orbital.newId(), "50ms")) |_| {
        return orbital.fatal(@src(), "something was delivered", .{});
    } else |err| switch (err) {
        error.Timeout => orbital.info("timeout caught", .{}),
        else => return err,
    }
}

pub fn waitsForEver() !void {
    _ = try orbital.waitFor(@src(), orbital.newId());
}

pub fn encodings() !void {
    for ([_][]const u8{ "utf-8-mark", "utf-16-le", "utf-16-le-mark", "utf-16-be", "utf-16-be-mark" }) |encoding| {
        const path = orbital.print("/{s}", .{encoding});
        const answer = try orbital.request(@src(), .{ .target = "encodings", .path = path });
        orbital.checkEq(@src(), try answer.pointer(@src(), []const u8, "/name"), "Zoë 🎉");
    }
}
