//! What uses up time and memory.

const std = @import("std");
const orbital = @import("orbital");

const piece = 64 << 10;
const pieces = (64 << 20) / piece;
const rounds = 20;

pub fn loops() !void {
    var number: u32 = 0;
    while (true) {
        number +%= 1;
        std.mem.doNotOptimizeAway(number);
    }
}

pub fn churns() !void {
    for (0..rounds) |round| {
        for (0..pieces / rounds + 1) |_| {
            const made = try orbital.allocator.alloc(u8, piece);
            defer orbital.allocator.free(made);
            @memset(made, 1);
            std.mem.doNotOptimizeAway(made.ptr);
        }
        orbital.info("round {d}", .{round + 1});
    }
}
