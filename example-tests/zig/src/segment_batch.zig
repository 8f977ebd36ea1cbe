//! A request as Segment's client libraries send it, and its delivery.

const orbital = @import("orbital");

const Message = struct { type: []const u8, messageId: []const u8, userId: []const u8, event: []const u8 };

pub const case = orbital.case("segment-batch", segmentBatch, .{ .every = "5s", .timeout = "5s" });

fn segmentBatch() !void {
    const id = orbital.newId();
    // The HTTP request has no key, so the test expects the key itself.
    try orbital.expect(@src(), id, &.{});
    const message: Message = .{ .type = "track", .messageId = id, .userId = "ada", .event = "Signed Up" };
    try post("/v1/batch", orbital.json(.{ .batch = .{message} }));

    const delivery = try orbital.waitFor(@src(), id);
    orbital.checkEq(@src(), try delivery.pointer(@src(), []const u8, "/event"), "Signed Up");
}

/// The send function, for a client library that accepts one.
fn post(path: []const u8, body: orbital.Json) !void {
    const answer = try orbital.request(@src(), .{ .method = "POST", .target = "segment", .path = path, .json = body });
    _ = try answer.success(@src());
}
