//! The same event twice, one delivery.

const orbital = @import("orbital");
const User = @import("user.zig");

/// How long to wait for a duplicate.
const watch = "300ms";

pub const case = orbital.case("exactly-once", exactlyOnce, .{ .every = "1s", .timeout = "5s" });

fn exactlyOnce() !void {
    const id = orbital.newId();
    const event: orbital.Event = .{ .target = "api", .key = id, .json = orbital.json(User{ .id = id }) };
    for ([_]bool{ false, true }) |is_second| {
        const answer = try orbital.sendEvent(@src(), event);
        const receipt = try answer.success(@src());
        orbital.checkEq(@src(), try receipt.pointer(@src(), bool, "/duplicate"), is_second);
    }

    _ = try orbital.waitFor(@src(), id);
    try orbital.noDeliveryWithin(@src(), id, watch);
}
