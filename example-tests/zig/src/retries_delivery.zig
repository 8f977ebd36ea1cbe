//! A failed delivery is retried until it is accepted.

const std = @import("std");
const orbital = @import("orbital");
const User = @import("user.zig");

/// Longer than the pipeline waits for a response (--attempt-timeout).
const hang = "3s";

/// Time limit for a retry: the pipeline first gives up the previous attempt, and pauses.
const lag = "2s";

/// How long to wait for an unexpected further attempt.
const watch = "500ms";

pub const case = orbital.case("retries-delivery", retriesDelivery, .{ .every = "5s", .timeout = "10s" });

fn retriesDelivery() !void {
    const id = orbital.newId();
    // Plan the replies before sending the event, so that they apply to the first delivery.
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
