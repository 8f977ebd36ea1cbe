//! The example pipeline, tested from Zig. Each case has its own file.

const orbital = @import("orbital");

pub const panic = orbital.panic;

comptime {
    orbital.suite(.{
        @import("smoke.zig").case,
        @import("fan_out.zig").case,
        @import("exactly_once.zig").case,
        @import("counters.zig").case,
        @import("server_made_id.zig").case,
        @import("retries_delivery.zig").case,
        @import("configured.zig").case,
        @import("cleans_up.zig").case,
        @import("segment_batch.zig").case,
    });
}
