//! The behaviours that every SDK has in common, one case each.

const orbital = @import("orbital");

const ends = @import("ends.zig");
const events = @import("events.zig");
const loads = @import("loads.zig");
const words = @import("words.zig");

pub const panic = orbital.panic;

comptime {
    orbital.suite(.{
        add("passes", ends.passes, "5s"),
        add("fails", ends.fails, "5s"),
        add("returns-error", ends.returnsError, "5s"),
        add("differs", ends.differs, "5s"),
        add("uncaught", ends.uncaught, "5s"),
        add("smoke", events.smoke, "5s"),
        add("fan-out", events.fanOut, "5s"),
        add("exactly-once", events.exactlyOnce, "5s"),
        add("server-made-id", events.serverMadeId, "5s"),
        add("planned-replies", events.plannedReplies, "10s"),
        add("big-body", events.bigBody, "5s"),
        add("encodings", events.encodings, "5s"),
        add("unknown-target", events.unknownTarget, "5s"),
        add("wait-timeout", events.waitTimeout, "5s"),
        add("waits-for-ever", events.waitsForEver, "300ms"),
        add("logs", words.logs, "5s"),
        add("non-utf8", words.nonUtf8, "5s"),
        add("invalid-text", words.invalidText, "5s"),
        add("invalid-end", words.invalidEnd, "5s"),
        add("random", words.random, "5s"),
        add("metrics", words.metrics, "5s"),
        add("config", words.config, "5s"),
        add("context", words.context, "5s"),
        add("loops", loads.loops, "300ms"),
        add("churns", loads.churns, "5s"),
    });
}

fn add(name: [:0]const u8, function: anytype, timeout: [:0]const u8) orbital.Case {
    return orbital.case(name, function, .{ .manual = true, .timeout = timeout });
}
