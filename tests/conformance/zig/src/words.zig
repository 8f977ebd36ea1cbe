//! What a case says and what it is told.

const std = @import("std");
const orbital = @import("orbital");

const wasi = std.os.wasi;

pub fn logs() !void {
    orbital.log(.debug, "level debug", &.{.{ "n", "1" }});
    orbital.log(.info, "level info", &.{.{ "n", "2" }});
    orbital.log(.warn, "level warn", &.{.{ "n", "3" }});
    orbital.log(.err, "level error", &.{.{ "n", "4" }});
    write(1, "printed\n");
    std.debug.print("complained\n", .{});
}

pub fn nonUtf8() !void {
    write(1, "\xff\xfe\n");
}

fn write(file: wasi.fd_t, text: []const u8) void {
    var written: usize = undefined;
    const pieces = [_]wasi.ciovec_t{.{ .base = text.ptr, .len = text.len }};
    _ = wasi.fd_write(file, &pieces, pieces.len, &written);
}

pub fn metrics() !void {
    try orbital.counter(@src(), "items_total", 3, &.{.{ "kind", "new" }});
    try orbital.gauge(@src(), "depth", 7, &.{});
    try orbital.histogram(@src(), "spread_seconds", 0.5, &.{});
}

pub fn config() !void {
    orbital.info("{s}", .{try orbital.requireConfig(@src(), "greeting")});
    _ = try orbital.requireConfig(@src(), "missing");
}

pub fn context() !void {
    const run = orbital.runContext();
    orbital.info("context {s} {d} {s}", .{ run.case, run.attempt, run.environment });
}

const bytes = "got \x8b\xff";

pub fn invalidText() !void {
    orbital.log(.info, bytes, &.{.{ "n", bytes }});
    try orbital.expect(@src(), orbital.print("{s}{s}", .{ bytes, orbital.newId() }), &.{});
    const asked = try orbital.request(@src(), .{ .target = "encodings", .path = "/\x8b\xff" });
    orbital.info("{s}", .{asked.body});
    try orbital.counter(@src(), "invalid_text_total", 1, &.{.{ "kind", bytes }});
    _ = orbital.config(bytes);
    orbital.fail(@src(), "{s}", .{bytes});
}

pub fn invalidEnd() !void {
    return orbital.fatal(@src(), "{s}", .{bytes});
}

pub fn random() !void {
    for (0..3) |_| {
        var number: u64 = 0;
        _ = wasi.random_get(std.mem.asBytes(&number), @sizeOf(u64));
        orbital.info("{d}", .{number});
    }
}
