//! A case that needs no system under test: it passes if the component runs and gets no delivery for a new key.

const orbital = @import("orbital");

pub const case = orbital.case("ready", ready, .{ .every = "1m", .timeout = "1s" });

fn ready() !void {
    const key = orbital.newId();
    orbital.info("nobody knows the key {s}, so nothing can come", .{key});
    try orbital.noDeliveryWithin(@src(), key, "10ms");
}
