//! What a client library of Segment's sends, and what becomes of it.

const orbital = @import("orbital");

const Message = struct { type: []const u8, messageId: []const u8, userId: []const u8, event: []const u8 };

pub const case = orbital.case("segment-batch", segmentBatch, .{ .every = "5s", .timeout = "5s" });

fn segmentBatch() !void {
    const id = orbital.newId();
    // What sends knows nothing of keys, so the key is expected here.
    try orbital.expect(@src(), id, &.{});
    const message: Message = .{ .type = "track", .messageId = id, .userId = "ada", .event = "Signed Up" };
    try post("/v1/batch", orbital.json(.{ .batch = .{message} }));

    const delivery = try orbital.waitFor(@src(), id);
    orbital.checkEq(@src(), try delivery.pointer(@src(), []const u8, "/event"), "Signed Up");
}

/// To where a library would send, if it takes a function to send with.
fn post(path: []const u8, body: orbital.Json) !void {
    const answer = try orbital.request(@src(), .{ .method = "POST", .target = "segment", .path = path, .json = body });
    _ = try answer.success(@src());
}
