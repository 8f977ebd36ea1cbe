//! End-to-end tests for orbital in Zig.
//!
//! A test sends an event to the system under test and waits for the delivery to orbital's webhook. A test is a function. A
//! suite of tests is a component: one .wasm file. To deploy it, copy it into the host's directory.
//!
//! ```
//! const orbital = @import("orbital");
//!
//! pub const panic = orbital.panic;
//!
//! comptime {
//!     orbital.suite(.{orbital.case("smoke", smoke, .{ .every = "1s", .timeout = "3s" })});
//! }
//!
//! fn smoke() !void {
//!     const id = orbital.newId();
//!     _ = try orbital.sendEvent(@src(), .{ .target = "api", .key = id, .json = orbital.json(.{ .id = id }) });
//!     const delivery = try orbital.waitFor(@src(), id);
//!     const got = try delivery.json(@src(), struct { processed: bool });
//!     orbital.check(@src(), got.processed, "{s} was not processed", .{id});
//! }
//! ```
//!
//! A case passes if it returns no error and was not marked as failed. `check`, `checkEq` and `fail` mark it as failed and
//! continue. A returned error and a panic end it. Functions that can fail take `@src()` as the location that is reported,
//! because errors have no location in WebAssembly.
//!
//! Memory need not be freed, because each run has its own. Durations are strings such as "300ms" and "1m 30s"; durations
//! that the host measures are in seconds.

const std = @import("std");
const c = @import("c.zig");

const Source = std.builtin.SourceLocation;

/// The allocator of this package, which tests may use too: that of libc.
pub const allocator = std.heap.c_allocator;

// ------------------------------------------------------------------------------------------------ Cases

/// The settings of a case.
pub const Options = struct {
    /// Runs periodically, with this period. Exactly one of `every`, `cron` and `manual` is required.
    every: ?[:0]const u8 = null,
    /// Runs at the times of a cron expression: minute, hour, day of month, month, day of week.
    cron: ?[:0]const u8 = null,
    /// The time zone of `cron`, such as `Europe/Madrid`. The default is UTC.
    zone: ?[:0]const u8 = null,
    /// Runs only on request, such as `orbital run`.
    manual: bool = false,
    /// The timeout of one attempt. The default is in the host's configuration.
    timeout: ?[:0]const u8 = null,
    /// The maximum number of retries, at most 10. A run that passes after a retry is reported as passed and flaky.
    retries: u8 = 0,
    /// The delay before each retry.
    retry_delay: ?[:0]const u8 = null,
    /// Labels for filters, maintenance windows and metrics, at most 16: `&.{.{ "team", "growth" }}`.
    tags: []const Field = &.{},
    /// The maximum number of concurrent runs of this case.
    max_in_flight: u16 = 1,
};

/// A name and a value: a header, a label, a tag, or a structured value of a logged line.
pub const Field = struct { [:0]const u8, [:0]const u8 };

/// A case of a suite.
pub const Case = struct { declared: c.Case };

/// Creates a case from a function without arguments, which may return an error. The name is 1 to 100 letters, digits, `-`,
/// `_` and `.`. Invalid settings are reported when the component is loaded, with the fix.
pub fn case(comptime name: [:0]const u8, comptime function: anytype, comptime options: Options) Case {
    const runner = struct {
        fn run() callconv(.c) void {
            function() catch |err| returned(err);
        }
    };
    const tags = comptime constantFields(options.tags);
    return .{
        .declared = .{
            .name = name,
            .every = pointer(options.every),
            .cron = pointer(options.cron),
            .zone = pointer(options.zone),
            .manual = options.manual,
            .timeout = pointer(options.timeout),
            .retries = options.retries,
            .retry_delay = pointer(options.retry_delay),
            .tags = tags,
            .max_in_flight = options.max_in_flight,
            .function = name,
            .run = &runner.run,
            // A case has no place of its own here, and its name tells it.
            .place = .{ .file = "", .line = 0 },
        },
    };
}

/// Exports these cases from the component. Call it once, in the root file: `comptime { orbital.suite(.{ … }); }`.
pub fn suite(comptime cases: anytype) void {
    const all = struct {
        // Called by the SDK before the host sees any case.
        fn register() callconv(.c) void {
            inline for (cases) |each| {
                const declared = struct {
                    const one = each.declared;
                };
                c.orbital_register_(&declared.one);
            }
        }
    };
    @export(&all.register, .{ .name = "orbital_register_all_" });
}

/// The panic handler: it reports the message as a failure, and then traps, so that the report has the stack trace. The root
/// file must contain `pub const panic = orbital.panic;`.
pub const panic = std.debug.FullPanic(panicked);

fn panicked(message: []const u8, _: ?usize) noreturn {
    @branchHint(.cold);
    c.orbital_told_(terminated(print("panicked: {s}", .{message})));
    @trap();
}

// ------------------------------------------------------------------------------------------------ Failures

/// The reason why a call failed; `reason` returns it as text.
pub const Error = error{
    /// The timeout expired.
    Timeout,
    /// Another run expects the key.
    Taken,
    InvalidKey,
    InvalidReply,
    /// No key was given, or the number of deliveries is zero.
    NothingToWaitFor,
    /// Deliveries were dropped because the queue of the key was full.
    Overflow,
    UnknownTarget,
    /// The path, a header, the method or the body is invalid or not granted to the component.
    InvalidRequest,
    Unreachable,
    TooLarge,
    /// The status is not 200 to 299.
    Status,
    /// A body is not JSON, or does not have the requested value.
    Body,
    InvalidName,
    InvalidLabel,
    InvalidValue,
    OtherKind,
    TooManySeries,
    /// The operator did not set the value.
    NotSet,
    /// A failure that the test reported itself.
    Failed,
};

/// The errors in the order of the reasons in C, which start at 1.
const errors = [_]Error{
    error.Timeout,   error.Taken,         error.InvalidKey,     error.InvalidReply, error.NothingToWaitFor,
    error.Overflow,  error.UnknownTarget, error.InvalidRequest, error.Unreachable,  error.TooLarge,
    error.Status,    error.Body,          error.InvalidName,    error.InvalidLabel, error.InvalidValue,
    error.OtherKind, error.TooManySeries, error.NotSet,         error.Failed,
};

/// The last error that a call returned, with its reason and location. There is one thread.
var last: ?struct { err: anyerror, text: [:0]const u8 } = null;

/// The location of the last call.
var latest: ?Source = null;

/// Returns the reason of the last failed call, with its location.
pub fn reason() [:0]const u8 {
    return if (last) |failure| failure.text else "nothing has failed";
}

/// Marks the run as failed, with a reason, and continues.
pub fn fail(src: Source, comptime format: []const u8, args: anytype) void {
    c.orbital_fail_(at(src), "%s", terminated(print(format, args)).ptr);
}

/// Returns an error with a reason, to end the case: `return orbital.fatal(@src(), "no invoice for {s}", .{id});`.
pub fn fatal(src: Source, comptime format: []const u8, args: anytype) error{Failed} {
    note(src, error.Failed, print(format, args));
    return error.Failed;
}

/// Returns the value of a result, or its error with a location: `try orbital.ok(@src(), std.fmt.parseInt(u8, text, 10))`.
pub fn ok(src: Source, result: anytype) @TypeOf(result) {
    return result catch |err| {
        note(src, err, print("error.{s} was returned", .{@errorName(err)}));
        return err;
    };
}

/// Returns whether the run has been marked as failed.
pub fn failed() bool {
    return c.orbital_failed();
}

/// Checks a condition. If it is false, marks the run as failed and continues.
pub fn check(src: Source, holds: bool, comptime format: []const u8, args: anytype) void {
    if (!holds) fail(src, format, args);
}

/// Checks that two values are equal as JSON. If not, marks the run as failed, with their difference, and continues.
pub fn checkEq(src: Source, left: anytype, right: anytype) void {
    const texts = .{ shown(left), shown(right) };
    if (!std.mem.eql(u8, texts[0], texts[1])) {
        const brief = differing(oneLine(texts[0]), oneLine(texts[1]));
        const difference = std.mem.span(c.orbital_difference_(texts[0], texts[1]));
        fail(src, "check failed: {s} is not {s}\n{s}", .{ brief[0], brief[1], difference });
    }
}

/// Checks that two values differ as JSON. If not, marks the run as failed and continues.
pub fn checkNe(src: Source, left: anytype, right: anytype) void {
    const texts = .{ shown(left), shown(right) };
    if (std.mem.eql(u8, texts[0], texts[1])) {
        fail(src, "check failed: both are {s}\n   both: {s}", .{ part(oneLine(texts[0]), 0), texts[0] });
    }
}

/// Retries until the function succeeds, with pauses from 10 ms doubling up to 500 ms. If it did not succeed within this
/// time, returns its last error: `try orbital.eventually(@src(), "2s", isPaid, .{"7"});`.
pub fn eventually(src: Source, within: []const u8, comptime function: anytype, args: anytype) !void {
    const end = c.orbital_elapsed() * 1e3 + try milliseconds(src, within);
    var pause: f64 = 10;
    while (true) {
        const result: anyerror!void = @call(.auto, function, args);
        const err = if (result) |_| return else |err| err;
        // The last attempt is at the end of the time, so none of it is wasted.
        const left = end - c.orbital_elapsed() * 1e3;
        if (left <= 0) {
            const known = if (last) |failure| failure.err == err else false;
            const text = if (known) reason() else print("error.{s} was returned", .{@errorName(err)});
            note(src, err, print("{s}, still so after {s}", .{ text, within }));
            return err;
        }
        try sleep(src, print("{d}ms", .{@as(u32, @intFromFloat(@ceil(@min(pause, left))))}));
        pause = @min(2 * pause, 500);
    }
}

// ------------------------------------------------------------------------------------------------ Sending

/// JSON as text; create it with `json`.
pub const Json = struct { text: [:0]const u8 };

/// Returns a value as JSON: `orbital.json(.{ .id = id, .email = "ada@example.com" })`.
pub fn json(value: anytype) Json {
    return .{ .text = print("{f}", .{std.json.fmt(value, .{})}) };
}

/// An event. A case sends it to a target, with `POST`, and the system under test delivers it to the webhook.
pub const Event = struct {
    /// The name of the target. The host's configuration must define it.
    target: []const u8,
    /// The key that the delivery will have, if the test chooses the key. The host expects the key before it sends the event,
    /// so even the fastest delivery is not lost.
    key: ?[]const u8 = null,
    /// A path that is appended to the target's URL: empty, or starting with `/`. May include a query.
    path: []const u8 = "",
    /// Headers. They override the target's default headers.
    headers: []const Field = &.{},
    /// The body as JSON. Sets the header `content-type` unless it is in `headers`. Set `json` or `body`, not both.
    json: ?Json = null,
    body: ?[]const u8 = null,
    /// The timeout for the request and its response. The default is the target's own timeout.
    timeout: ?[]const u8 = null,

    fn bound(event: Event) c.Event {
        return .{
            .target = terminated(event.target),
            .key = optional(event.key),
            .path = terminated(event.path),
            .headers = fields(event.headers),
            .json = jsonText(event.json),
            .body = body(event.body),
            .timeout = optional(event.timeout),
        };
    }
};

/// A request to a target that is not an event, such as one that reads or prepares data.
pub const Request = struct {
    target: []const u8,
    method: []const u8 = "GET",
    /// The following fields have the same meaning as in `Event`.
    path: []const u8 = "",
    headers: []const Field = &.{},
    json: ?Json = null,
    body: ?[]const u8 = null,
    timeout: ?[]const u8 = null,
};

/// A target's response, with any status.
pub const Receipt = struct {
    status: u16,
    /// The headers, with names in lower case.
    headers: []const Field,
    body: []const u8,
    /// The time from the start of the request to the last byte of the response, in seconds.
    latency: f64,

    pub const header = Message(Receipt).header;
    pub const json = Message(Receipt).json;
    pub const pointer = Message(Receipt).pointer;

    /// Returns an error unless the status is 200 to 299.
    pub fn success(receipt: Receipt, src: Source) Error!Receipt {
        if (receipt.status >= 200 and receipt.status < 300) return receipt;
        note(src, error.Status, print("the target answered {d} with {s}", .{ receipt.status, beginning(receipt.body) }));
        return error.Status;
    }

    fn given(receipt: *const c.Receipt) Receipt {
        return .{
            .status = @intCast(receipt.status),
            .headers = givenFields(receipt.headers),
            .body = givenBody(receipt.body),
            .latency = receipt.latency,
        };
    }
};

/// Sends an event and waits for the response, with any status.
pub fn sendEvent(src: Source, event: Event) Error!Receipt {
    return .given(try call(src, c.orbital_send_event_, .{ at(src), event.bound() }));
}

/// The result of one event of `sendEvents`: a response, or an error with its reason.
pub const Answer = struct { receipt: Error!Receipt, reason: [:0]const u8 = "" };

/// Sends events concurrently and waits for all responses, which are in the order of the events. The host limits how many
/// are sent at once.
pub fn sendEvents(src: Source, events: []const Event) Error![]const Answer {
    const bound = many(c.Event, events.len);
    for (events, bound) |event, *one| one.* = event.bound();
    const given = try call(src, c.orbital_send_events_, .{ at(src), events.len, bound.ptr });
    const answers = many(Answer, events.len);
    for (given, answers) |*answer, *one| {
        if (answer.failure.reason == 0) {
            one.* = .{ .receipt = .given(&answer.receipt) };
        } else {
            note(src, errors[answer.failure.reason - 1], std.mem.span(answer.failure.text));
            one.* = .{ .receipt = errors[answer.failure.reason - 1], .reason = reason() };
        }
    }
    return answers;
}

/// Sends a request that is not an event to a target, and waits for the response.
pub fn request(src: Source, options: Request) Error!Receipt {
    return .given(try call(src, c.orbital_request_, .{ at(src), c.Request{
        .target = terminated(options.target),
        .method = terminated(options.method),
        .path = terminated(options.path),
        .headers = fields(options.headers),
        .json = jsonText(options.json),
        .body = body(options.body),
        .timeout = optional(options.timeout),
    } }));
}

// ------------------------------------------------------------------------------------------------ Waiting

/// A request that the webhook received for this run.
pub const Delivery = struct {
    /// The key that assigned the delivery to this run.
    key: [:0]const u8,
    /// The HTTP method, in upper case.
    method: [:0]const u8,
    path: [:0]const u8,
    /// The query string: the part of the URL after the first `?`, or empty.
    query: [:0]const u8,
    /// The headers, with names in lower case.
    headers: []const Field,
    body: []const u8,
    /// The time when the last byte was received, in seconds since the Unix epoch, by the host's clock.
    received_at: f64,
    /// The time from sending the event to receiving this delivery, in seconds. Null if the host cannot tell which event the
    /// delivery belongs to.
    latency: ?f64,

    pub const header = Message(Delivery).header;
    pub const json = Message(Delivery).json;
    pub const pointer = Message(Delivery).pointer;

    fn given(delivery: *const c.Delivery) Delivery {
        return .{
            .key = std.mem.span(delivery.key),
            .method = std.mem.span(delivery.method),
            .path = std.mem.span(delivery.path),
            .query = std.mem.span(delivery.query),
            .headers = givenFields(delivery.headers),
            .body = givenBody(delivery.body),
            .received_at = delivery.received_at,
            .latency = if (delivery.latency < 0) null else delivery.latency,
        };
    }
};

/// Methods that read the headers and the body of a delivery or a receipt.
fn Message(comptime T: type) type {
    return struct {
        /// Returns the first value of a header, or null. The case of the name does not matter.
        pub fn header(message: T, name: []const u8) ?[:0]const u8 {
            for (message.headers) |field| {
                if (std.ascii.eqlIgnoreCase(field[0], name)) return field[1];
            }
            return null;
        }

        /// Parses the body as JSON into this type, ignoring members that the type does not have. The body may be UTF-8 or
        /// UTF-16, with or without a byte order mark.
        pub fn json(message: T, src: Source, comptime Into: type) Error!Into {
            const options: std.json.ParseOptions = .{ .ignore_unknown_fields = true };
            return std.json.parseFromSliceLeaky(Into, allocator, jsonBytes(message.body), options) catch |err|
                noJson(src, message.body, err);
        }

        /// Parses the value at a JSON pointer such as `/user/email` into this type.
        pub fn pointer(message: T, src: Source, comptime Into: type, path: []const u8) Error!Into {
            const whole = std.json.parseFromSliceLeaky(std.json.Value, allocator, jsonBytes(message.body), .{}) catch |err|
                return noJson(src, message.body, err);
            const found = find(whole, path) orelse {
                const shown_body = beginning(message.body);
                note(src, error.Body, print("no value at `{s}` in the JSON; it is {s}", .{ path, shown_body }));
                return error.Body;
            };
            const options: std.json.ParseOptions = .{ .ignore_unknown_fields = true };
            return std.json.parseFromValueLeaky(Into, allocator, found, options) catch |err|
                noJson(src, message.body, err);
        }
    };
}

/// The webhook's response to one delivery.
pub const Reply = struct {
    /// The HTTP status, 200 to 599.
    status: u16 = 200,
    /// How long the webhook waits before it responds, at most one minute.
    delay: ?[]const u8 = null,
    headers: []const Field = &.{},
    /// The body as JSON. Set `json` or `body`, not both.
    json: ?Json = null,
    /// The body, at most 64 KiB.
    body: ?[]const u8 = null,
};

/// Returns a new key that cannot be guessed, and that is unique among all runs.
pub fn newId() [:0]const u8 {
    return std.mem.span(c.orbital_new_id());
}

/// Reserves a key for this run until the run ends. Waiting for a key, and sending an event with a key, also does this. The
/// replies, at most 32, are the webhook's responses to the deliveries with this key, in order; further deliveries get a
/// 200.
pub fn expect(src: Source, key: []const u8, replies: []const Reply) Error!void {
    const bound = many(c.Reply, replies.len + 1);
    for (replies, bound[0..replies.len]) |reply, *one| {
        one.* = .{
            .status = reply.status,
            .delay = optional(reply.delay),
            .headers = fields(reply.headers),
            .json = jsonText(reply.json),
            .body = body(reply.body),
        };
    }
    bound[replies.len] = .{ .status = -1, .delay = null, .headers = fields(&.{}), .json = .{}, .body = .{} };
    return call(src, c.orbital_expect_, .{ at(src), terminated(key), bound.ptr });
}

/// Waits for the next delivery with this key, and removes it from the queue. If none arrives until the run times out, the
/// run ends with outcome `timeout`.
pub fn waitFor(src: Source, key: []const u8) Error!Delivery {
    return .given(try call(src, c.orbital_wait_for_, .{ at(src), terminated(key), c.WaitOptions{ .within = null } }));
}

/// Waits for the next delivery with this key for a limited time, and removes it from the queue; "0s" does not wait. Returns
/// `error.Timeout` if none arrives in time.
pub fn waitForWithin(src: Source, key: []const u8, within: []const u8) Error!Delivery {
    const options: c.WaitOptions = .{ .within = terminated(within) };
    return .given(try call(src, c.orbital_wait_for_, .{ at(src), terminated(key), options }));
}

/// Waits for the next n deliveries with any of these keys, in the order of arrival, and removes them from the queues. If
/// fewer arrive until the run times out, the run ends with outcome `timeout`.
pub fn waitN(src: Source, keys: []const []const u8, n: u32) Error![]const Delivery {
    return waitFew(src, keys, n, null);
}

/// Waits for the next n deliveries like `waitN`, for a limited time. Returns `error.Timeout` if fewer arrive in time; those
/// that arrived stay in the queue.
pub fn waitNWithin(src: Source, keys: []const []const u8, n: u32, within: []const u8) Error![]const Delivery {
    return waitFew(src, keys, n, terminated(within));
}

fn waitFew(src: Source, keys: []const []const u8, n: u32, within: ?[*:0]const u8) Error![]const Delivery {
    const bound = many(?[*:0]const u8, keys.len + 1);
    for (keys, bound[0..keys.len]) |key, *one| one.* = terminated(key);
    bound[keys.len] = null;
    const options: c.WaitNOptions = .{ .keys = bound.ptr, .within = within };
    const given = try call(src, c.orbital_wait_n_, .{ at(src), n, options });
    const deliveries = many(Delivery, n);
    for (given, deliveries) |*delivery, *one| one.* = .given(delivery);
    return deliveries;
}

/// Checks that no further delivery with this key arrives within this time.
pub fn noDeliveryWithin(src: Source, key: []const u8, within: []const u8) Error!void {
    return call(src, c.orbital_no_delivery_within_, .{ at(src), terminated(key), terminated(within) });
}

// ------------------------------------------------------------------------------------------------ Logging, metrics, context

/// The severity of a logged line.
pub const Level = enum(u8) { debug, info, warn, err };

/// Logs a line to the run's report, with structured values. No level fails the test.
pub fn log(level: Level, message: []const u8, beside: []const Field) void {
    c.orbital_log_(@backingInt(level), terminated(message), fields(beside));
}

/// Logs a line with level `info`. The following functions log with the level of their name.
pub fn info(comptime format: []const u8, args: anytype) void {
    log(.info, print(format, args), &.{});
}
pub fn debug(comptime format: []const u8, args: anytype) void {
    log(.debug, print(format, args), &.{});
}
pub fn warn(comptime format: []const u8, args: anytype) void {
    log(.warn, print(format, args), &.{});
}
pub fn logError(comptime format: []const u8, args: anytype) void {
    log(.err, print(format, args), &.{});
}

/// Adds a value to a counter. By convention its name ends in `_total`. The host exports it as `orbital_test_<name>`, with
/// the labels `component` and `case`.
pub fn counter(src: Source, name: []const u8, value: f64, labels: []const Field) Error!void {
    return call(src, c.orbital_record_, .{ at(src), 0, terminated(name), value, fields(labels) });
}

/// Sets a gauge to a value.
pub fn gauge(src: Source, name: []const u8, value: f64, labels: []const Field) Error!void {
    return call(src, c.orbital_record_, .{ at(src), 1, terminated(name), value, fields(labels) });
}

/// Adds an observation to a histogram, in base units such as seconds or bytes.
pub fn histogram(src: Source, name: []const u8, value: f64, labels: []const Field) Error!void {
    return call(src, c.orbital_record_, .{ at(src), 2, terminated(name), value, fields(labels) });
}

/// Information about the current run.
pub const Run = struct {
    run_id: [:0]const u8,
    component: [:0]const u8,
    case: [:0]const u8,
    /// The number of the attempt, starting at 1.
    attempt: u32,
    /// The name of the environment that the host runs in. Empty if the operator did not set it.
    environment: [:0]const u8,
    /// The public URL of the webhook, without a trailing slash. A test may append a path to it.
    webhook_url: [:0]const u8,
};

pub fn runContext() Run {
    const run = c.orbital_run_context();
    return .{
        .run_id = std.mem.span(run.run_id),
        .component = std.mem.span(run.component),
        .case = std.mem.span(run.case_name),
        .attempt = @intCast(run.attempt),
        .environment = std.mem.span(run.environment),
        .webhook_url = std.mem.span(run.webhook_url),
    };
}

/// Returns the time that is left before the attempt times out, in seconds.
pub fn timeLeft() f64 {
    return c.orbital_time_left();
}

/// Returns a value that the operator set for this component in the host's configuration, or null.
pub fn config(name: []const u8) ?[:0]const u8 {
    return if (c.orbital_config(terminated(name))) |value| std.mem.span(value) else null;
}

/// Returns a value that the operator must set for this component in the host's configuration, or an error.
pub fn requireConfig(src: Source, name: []const u8) Error![:0]const u8 {
    return std.mem.span(try call(src, c.orbital_require_config_, .{ at(src), terminated(name) }));
}

/// Returns the time of the host's clock, in seconds since the Unix epoch.
pub fn now() f64 {
    return c.orbital_now();
}

/// Returns the time since the attempt started, in seconds.
pub fn elapsed() f64 {
    return c.orbital_elapsed();
}

/// Sleeps. To wait for a delivery, use `waitFor`; for anything else, use `eventually`. Both return as early as possible.
pub fn sleep(src: Source, duration: []const u8) Error!void {
    return call(src, c.orbital_sleep_, .{ at(src), terminated(duration) });
}

/// Returns a formatted string, in memory that need not be freed.
pub fn print(comptime format: []const u8, args: anytype) [:0]const u8 {
    return std.fmt.allocPrintSentinel(allocator, format, args, 0) catch @panic("out of memory");
}

// ------------------------------------------------------------------------------------------------ To C and back

/// Calls C, and converts a failure, which would end the case, to an error.
fn call(src: Source, comptime function: anytype, args: anytype) Error!@typeInfo(@TypeOf(function)).@"fn".return_type.? {
    latest = src;
    c.orbital_try_begin_();
    const result = @call(.auto, function, args);
    var failure: c.Failure = undefined;
    if (c.orbital_try_end_(&failure)) return result;
    const given = errors[failure.reason - 1];
    last = .{ .err = given, .text = std.mem.span(failure.text) };
    return given;
}

/// Records the reason of a failure, with the location after its first line.
fn note(src: Source, given: anyerror, text: []const u8) void {
    latest = src;
    const end = std.mem.indexOfScalar(u8, text, '\n') orelse text.len;
    last = .{ .err = given, .text = print("{s} ({s}:{d}){s}", .{ text[0..end], src.file, src.line, text[end..] }) };
}

/// Reports the error that a case returned.
fn returned(given: anyerror) void {
    if (last) |failure| {
        if (failure.err == given) return c.orbital_told_(terminated(failure.text));
    }
    const name = @errorName(given);
    const text = if (latest) |src|
        print("error.{s} was returned, after {s}:{d}", .{ name, src.file, src.line })
    else
        print("error.{s} was returned", .{name});
    c.orbital_told_(text);
}

fn milliseconds(src: Source, duration: []const u8) Error!f64 {
    var number: u32 = undefined;
    const mistake = c.orbital_read_duration_(terminated(duration), &number) orelse return @floatFromInt(number);
    note(src, error.InvalidValue, std.mem.span(mistake));
    return error.InvalidValue;
}

fn noJson(src: Source, bytes: []const u8, given: anyerror) Error {
    const text = print("not the JSON expected: error.{s}; it is {s}", .{ @errorName(given), beginning(bytes) });
    note(src, error.Body, text);
    return error.Body;
}

fn find(whole: std.json.Value, path: []const u8) ?std.json.Value {
    if (path.len == 0) return whole;
    if (path[0] != '/') return null;
    var found = whole;
    var steps = std.mem.splitScalar(u8, path[1..], '/');
    while (steps.next()) |step| {
        const slashes = std.mem.replaceOwned(u8, allocator, step, "~1", "/") catch @panic("out of memory");
        const name = std.mem.replaceOwned(u8, allocator, slashes, "~0", "~") catch @panic("out of memory");
        found = switch (found) {
            .object => |object| object.get(name) orelse return null,
            .array => |array| item: {
                const index = std.fmt.parseInt(usize, name, 10) catch return null;
                break :item if (index < array.items.len) array.items[index] else return null;
            },
            else => return null,
        };
    }
    return found;
}

/// Returns a value as JSON, with sorted members, each in its own line.
fn shown(value: anytype) [:0]const u8 {
    const text = json(value).text;
    var mistake: [*:0]const u8 = undefined;
    const pretty = c.orbital_pretty_(.{ .text = text.ptr, .size = text.len }, &mistake) orelse return text;
    return std.mem.span(pretty);
}

/// The longest text of a value in a headline, in bytes.
const most_brief = 60;

/// How many bytes of a long text are shown before the first one that differs.
const bytes_before = 20;

/// Returns the parts of two texts around their first difference, or both whole if they are short.
fn differing(left: []const u8, right: []const u8) [2][]const u8 {
    var start: usize = 0;
    if (@max(left.len, right.len) > most_brief) {
        start = std.mem.indexOfDiff(u8, left, right) orelse 0;
        start -|= bytes_before;
    }
    return .{ part(left, start), part(right, start) };
}

/// Returns some bytes of a text, without half a character at either end.
fn part(text: []const u8, from: usize) []const u8 {
    const start = boundary(text, from);
    const end = boundary(text, start + most_brief);
    return print("{s}{s}{s}", .{ if (start > 0) "…" else "", text[start..end], if (end < text.len) "…" else "" });
}

/// Returns the start of the character at a position.
fn boundary(text: []const u8, position: usize) usize {
    var at_byte = @min(position, text.len);
    while (at_byte > 0 and at_byte < text.len and text[at_byte] & 0xC0 == 0x80) at_byte -= 1;
    return at_byte;
}

/// Returns JSON without the white space with which it is laid out. In a string, line breaks are escaped.
fn oneLine(pretty: []const u8) []const u8 {
    const line = many(u8, pretty.len);
    var length: usize = 0;
    var is_indent = false;
    for (pretty) |byte| {
        is_indent = byte == '\n' or (is_indent and byte == ' ');
        if (is_indent) continue;
        line[length] = byte;
        length += 1;
    }
    return line[0..length];
}

/// Returns a body of JSON, in UTF-8 or UTF-16, as UTF-8 without a byte order mark.
fn jsonBytes(bytes: []const u8) []const u8 {
    return givenBody(c.orbital_json_utf8_(.{ .text = bytes.ptr, .size = bytes.len }));
}

fn beginning(bytes: []const u8) []const u8 {
    return std.mem.span(c.orbital_beginning_(.{ .text = bytes.ptr, .size = bytes.len }));
}

fn at(src: Source) c.Place {
    return .{ .file = src.file, .line = @intCast(src.line) };
}

fn many(comptime T: type, count: usize) []T {
    return allocator.alloc(T, count) catch @panic("out of memory");
}

/// A text for C, where a zero byte would end it: such a byte becomes U+FFFD, as C does with bytes that are not UTF-8.
fn terminated(text: []const u8) [:0]const u8 {
    const whole = if (std.mem.indexOfScalar(u8, text, 0) == null)
        text
    else
        std.mem.replaceOwned(u8, allocator, text, "\x00", "\u{FFFD}") catch @panic("out of memory");
    return allocator.dupeSentinel(u8, whole, 0) catch @panic("out of memory");
}

fn optional(text: ?[]const u8) ?[*:0]const u8 {
    return if (text) |given| terminated(given) else null;
}

fn pointer(comptime text: ?[:0]const u8) ?[*:0]const u8 {
    return if (text) |given| given.ptr else null;
}

fn jsonText(given: ?Json) c.JsonText {
    return .{ .text = if (given) |value| value.text.ptr else null };
}

fn body(bytes: ?[]const u8) c.Body {
    return if (bytes) |given| .{ .text = given.ptr, .size = given.len } else .{};
}

fn givenBody(given: c.Body) []const u8 {
    return if (given.text) |start| start[0..given.size] else "";
}

const end_of_fields: c.Field = .{ .name = null, .value = null };

fn constantFields(comptime given: []const Field) [*]const c.Field {
    comptime {
        var bound: [given.len + 1]c.Field = undefined;
        for (given, bound[0..given.len]) |field, *one| one.* = .{ .name = field[0], .value = field[1] };
        bound[given.len] = end_of_fields;
        const all = bound;
        return &all;
    }
}

fn fields(given: []const Field) [*]const c.Field {
    const bound = many(c.Field, given.len + 1);
    for (given, bound[0..given.len]) |field, *one| one.* = .{ .name = field[0], .value = field[1] };
    bound[given.len] = end_of_fields;
    return bound.ptr;
}

fn givenFields(given: [*]const c.Field) []const Field {
    var count: usize = 0;
    while (given[count].name != null) count += 1;
    const all = many(Field, count);
    for (given[0..count], all) |field, *one| one.* = .{ std.mem.span(field.name.?), std.mem.span(field.value.?) };
    return all;
}
