//! A test that removes its data, whether it passes or not.

const orbital = @import("orbital");
const User = @import("user.zig");

/// Time limit for the delivery: less than the case's timeout, so that there is time to clean up.
const latest = "3s";

pub const case = orbital.case("cleans-up", cleansUp, .{ .every = "5s", .timeout = "5s" });

fn cleansUp() !void {
    const id = orbital.newId();
    const signup = orbital.json(User{ .id = id });
    const answer = try orbital.sendEvent(@src(), .{ .target = "api", .key = id, .json = signup });
    _ = try answer.success(@src());
    defer remove(id);

    const delivery = try orbital.waitForWithin(@src(), id, latest);
    const got = try delivery.json(@src(), struct { processed: bool });
    orbital.checkEq(@src(), got.processed, true);
}

fn remove(id: []const u8) void {
    const path = orbital.print("/{s}", .{id});
    const removed = orbital.request(@src(), .{ .method = "DELETE", .target = "api", .path = path });
    if (removed) |answer| {
        orbital.check(@src(), answer.status == 204, "{s} is left behind: {d}", .{ id, answer.status });
    } else |_| {
        orbital.fail(@src(), "{s} is left behind: {s}", .{ id, orbital.reason() });
    }
}
