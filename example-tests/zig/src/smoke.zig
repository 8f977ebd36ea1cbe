//! One event, one delivery.

const orbital = @import("orbital");
const User = @import("user.zig");

pub const case = orbital.case("smoke", smoke, .{ .every = "1s", .timeout = "3s" });

fn smoke() !void {
    const id = orbital.newId();
    _ = try orbital.sendEvent(@src(), .{ .target = "api", .key = id, .json = orbital.json(User{ .id = id }) });

    const delivery = try orbital.waitFor(@src(), id);
    const got = try delivery.json(@src(), struct { processed: bool });
    orbital.checkEq(@src(), got.processed, true);
}
