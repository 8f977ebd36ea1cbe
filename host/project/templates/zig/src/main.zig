//! The suite. Each case has its own file.

const orbital = @import("orbital");

pub const panic = orbital.panic;

comptime {
    orbital.suite(.{
        @import("ready.zig").case,
        // It needs a target: add it when [targets.api] in orbital.toml is your system.
        // @import("smoke.zig").case,
    });
}
