//! The suite. Each case is in a file of its own.

const orbital = @import("orbital");

pub const panic = orbital.panic;

comptime {
    orbital.suite(.{
        @import("ready.zig").case,
        // It needs a target: add it when [targets.api] in orbital.toml is yours.
        // @import("smoke.zig").case,
    });
}
