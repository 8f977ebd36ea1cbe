//! One event, one delivery: sends a sign-up to the target api, and waits for the delivery that it causes.

const orbital = @import("orbital");

pub const case = orbital.case("smoke", smoke, .{ .every = "10s", .timeout = "3s" });

fn smoke() !void {
    const id = orbital.newId();
    const signup = orbital.json(.{ .id = id, .email = "ada@example.com" });
    const receipt = try orbital.sendEvent(@src(), .{ .target = "api", .key = id, .json = signup });
    _ = try receipt.success(@src());

    const delivery = try orbital.waitFor(@src(), id);
    const got = try delivery.json(@src(), struct { processed: bool });
    orbital.checkEq(@src(), got.processed, true);
}
