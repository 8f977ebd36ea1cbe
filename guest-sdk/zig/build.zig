//! What the `build.zig` of a suite calls.

const std = @import("std");

pub const Options = struct {
    /// The file that names the cases: `orbital.suite(.{ … })`.
    root_source_file: std.Build.LazyPath,
    /// Further modules that it imports.
    imports: []const std.Build.Module.Import = &.{},
};

/// Makes the core module of a suite: `zig build` puts it into `zig-out/bin`, and `orbital build` makes a component of it.
pub fn addSuite(b: *std.Build, options: Options) *std.Build.Step.Compile {
    const sdk = b.dependencyFromBuildZig(@This(), .{});
    const target = b.resolveTargetQuery(.{ .cpu_arch = .wasm32, .os_tag = .wasi });
    // By Zig's own compiler and linker, which know no lines.
    const is_dev = b.option(bool, "orbital-dev", "Build fast, for orbital dev") orelse false;
    // Both have the checks, whose panics say what was wrong.
    const optimize: std.builtin.OptimizeMode = if (is_dev) .Debug else .ReleaseSafe;
    const orbital = b.createModule(.{
        .root_source_file = sdk.path("src/orbital.zig"),
        .target = target,
        .optimize = optimize,
        .link_libc = true,
    });
    orbital.addIncludePath(sdk.path("c/include"));
    orbital.addIncludePath(sdk.path("c/bindings"));
    orbital.addCSourceFiles(.{
        .root = sdk.path("c"),
        .files = &.{
            "src/check.c",   "src/difference.c", "src/duration.c", "src/failure.c", "src/json.c",      "src/reporting.c",
            "src/sending.c", "src/suite.c",      "src/text.c",     "src/waiting.c", "bindings/test.c",
        },
        .flags = &.{ "-std=gnu23", "-g", "-w", "-fno-sanitize=undefined" },
    });
    const suite = b.addExecutable(.{
        .name = "suite",
        .use_llvm = !is_dev,
        .use_lld = !is_dev,
        .root_module = b.createModule(.{
            .root_source_file = options.root_source_file,
            .target = target,
            .optimize = optimize,
            .imports = options.imports,
        }),
    });
    suite.root_module.addImport("orbital", orbital);
    suite.entry = .disabled;
    suite.wasi_exec_model = .reactor;
    b.installArtifact(suite);
    return suite;
}

pub fn build(_: *std.Build) void {}
