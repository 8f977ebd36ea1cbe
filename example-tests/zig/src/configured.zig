//! The email address of the sign-up is different in each environment.

const orbital = @import("orbital");
const User = @import("user.zig");

pub const case = orbital.case("configured", configured, .{ .every = "5s", .timeout = "3s" });

fn configured() !void {
    // The default if the operator sets none; no one reads mail to it.
    const email = orbital.config("email") orelse "ada@example.com";
    const id = orbital.newId();
    const signup = orbital.json(User{ .id = id, .email = email });
    const answer = try orbital.sendEvent(@src(), .{ .target = "api", .key = id, .json = signup });
    _ = try answer.success(@src());

    const delivery = try orbital.waitFor(@src(), id);
    orbital.checkEq(@src(), try delivery.pointer(@src(), []const u8, "/email"), email);
}
