//! A delivery that fails is tried again, until it is taken.

const std = @import("std");
const orbital = @import("orbital");
const User = @import("user.zig");

/// Longer than the pipeline waits for an answer (--attempt-timeout).
const hang = "3s";

/// How late a further attempt may be: the pipeline has to give up the last one, and to pause.
const lag = "2s";

/// How long an attempt too many may take to give itself away.
const watch = "500ms";

pub const case = orbital.case("retries-delivery", retriesDelivery, .{ .every = "5s", .timeout = "10s" });

fn retriesDelivery() !void {
    const id = orbital.newId();
    // Before the event is sent, so that the first delivery is answered so already.
    try orbital.expect(@src(), id, &.{ .{ .status = 500 }, .{ .status = 200, .delay = hang }, .{ .status = 200 } });
    _ = try orbital.sendEvent(@src(), .{ .target = "api", .key = id, .json = orbital.json(User{ .id = id }) });

    const first = try orbital.waitFor(@src(), id);
    const sent = try first.json(@src(), std.json.Value);
    for ([_][]const u8{ "answered with 500", "left without an answer" }) |failure| {
        const again = orbital.waitForWithin(@src(), id, lag) catch {
            const reason = orbital.reason();
            return orbital.fatal(@src(), "a delivery that was {s} is not tried again: {s}", .{ failure, reason });
        };
        orbital.checkEq(@src(), try again.json(@src(), std.json.Value), sent);
    }
    try orbital.noDeliveryWithin(@src(), id, watch);
}
