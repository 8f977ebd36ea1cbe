//! The pipeline creates the id, so it may deliver before the test knows it.

const orbital = @import("orbital");

pub const case = orbital.case("server-made-id", serverMadeId, .{ .every = "1s", .timeout = "3s" });

fn serverMadeId() !void {
    const user = orbital.json(.{ .email = "ada@example.com" });
    const answer = try orbital.sendEvent(@src(), .{ .target = "api", .json = user });
    const receipt = try answer.success(@src());

    const delivery = try orbital.waitFor(@src(), try receipt.pointer(@src(), []const u8, "/id"));
    orbital.checkEq(@src(), try delivery.pointer(@src(), []const u8, "/email"), "ada@example.com");
}
