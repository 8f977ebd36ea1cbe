//! The pipeline counts the events that it accepts.

const std = @import("std");
const orbital = @import("orbital");
const User = @import("user.zig");

/// A type that no other case sends, so that only this test changes its counter.
const name = "pipeline_events_accepted_total{type=\"invoice\"}";

/// How long the counter may take to be updated.
const lag = "2s";

pub const case = orbital.case("counters", counters, .{ .every = "1s", .timeout = "5s" });

fn counters() !void {
    const before = try counter();
    const id = orbital.newId();
    const invoice = orbital.json(User{ .id = id, .type = "invoice" });
    _ = try orbital.sendEvent(@src(), .{ .target = "api", .key = id, .json = invoice });

    const delivery = try orbital.waitFor(@src(), id);
    orbital.checkEq(@src(), try delivery.pointer(@src(), []const u8, "/destination"), "ledger");
    try orbital.eventually(@src(), lag, hasGrown, .{before});
}

fn hasGrown(before: f64) !void {
    const after = try counter();
    if (after <= before) return orbital.fatal(@src(), "{s} is {d}, as before the event", .{ name, after });
}

/// The counter's value; 0 before it appears.
fn counter() !f64 {
    const answer = try orbital.request(@src(), .{ .target = "pipeline", .path = "/metrics" });
    const metrics = try answer.success(@src());
    var lines = std.mem.splitScalar(u8, metrics.body, '\n');
    while (lines.next()) |line| {
        const value = std.mem.cutPrefix(u8, line, name) orelse continue;
        return orbital.ok(@src(), std.fmt.parseFloat(f64, std.mem.trim(u8, value, " ")));
    }
    return 0;
}
