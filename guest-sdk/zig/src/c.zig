//! What this package uses of the SDK for C (`c/include/orbital.h`), by the names that it has there.

pub const Place = extern struct { file: [*:0]const u8, line: c_int };

pub const Field = extern struct { name: ?[*:0]const u8, value: ?[*:0]const u8 };

pub const JsonText = extern struct { text: ?[*:0]const u8 = null };

pub const Body = extern struct { text: ?[*]const u8 = null, size: usize = 0 };

pub const Case = extern struct {
    name: [*:0]const u8,
    every: ?[*:0]const u8,
    cron: ?[*:0]const u8,
    zone: ?[*:0]const u8,
    manual: bool,
    timeout: ?[*:0]const u8,
    retries: c_int,
    retry_delay: ?[*:0]const u8,
    tags: [*]const Field,
    max_in_flight: c_int,
    function: [*:0]const u8,
    run: *const fn () callconv(.c) void,
    place: Place,
};

pub const Failure = extern struct { reason: c_uint, text: [*:0]const u8, number: u32 };

pub const Event = extern struct {
    target: [*:0]const u8,
    key: ?[*:0]const u8,
    path: [*:0]const u8,
    headers: [*]const Field,
    json: JsonText,
    body: Body,
    timeout: ?[*:0]const u8,
};

pub const Request = extern struct {
    target: [*:0]const u8,
    method: [*:0]const u8,
    path: [*:0]const u8,
    headers: [*]const Field,
    json: JsonText,
    body: Body,
    timeout: ?[*:0]const u8,
};

pub const Receipt = extern struct { status: c_int, headers: [*]const Field, body: Body, latency: f64 };

pub const Answer = extern struct { receipt: Receipt, failure: Failure };

pub const Delivery = extern struct {
    key: [*:0]const u8,
    method: [*:0]const u8,
    path: [*:0]const u8,
    query: [*:0]const u8,
    headers: [*]const Field,
    body: Body,
    received_at: f64,
    latency: f64,
};

pub const Reply = extern struct {
    status: c_int,
    delay: ?[*:0]const u8,
    headers: [*]const Field,
    json: JsonText,
    body: Body,
};

pub const WaitOptions = extern struct { within: ?[*:0]const u8 };

pub const WaitNOptions = extern struct {
    key: ?[*:0]const u8 = null,
    keys: [*]const ?[*:0]const u8,
    within: ?[*:0]const u8,
};

pub const Run = extern struct {
    run_id: [*:0]const u8,
    component: [*:0]const u8,
    case_name: [*:0]const u8,
    attempt: c_int,
    environment: [*:0]const u8,
    webhook_url: [*:0]const u8,
};

pub extern fn orbital_register_(added: *const Case) void;
pub extern fn orbital_try_begin_() void;
pub extern fn orbital_try_end_(failure: *Failure) bool;
pub extern fn orbital_fail_(place: Place, format: [*:0]const u8, ...) void;
pub extern fn orbital_told_(reason: [*:0]const u8) void;
pub extern fn orbital_failed() bool;
pub extern fn orbital_difference_(left: [*:0]const u8, right: [*:0]const u8) [*:0]const u8;
pub extern fn orbital_pretty_(body: Body, mistake: *[*:0]const u8) ?[*:0]const u8;
pub extern fn orbital_json_utf8_(body: Body) Body;
pub extern fn orbital_beginning_(body: Body) [*:0]const u8;
pub extern fn orbital_read_duration_(text: [*:0]const u8, milliseconds: *u32) ?[*:0]const u8;
pub extern fn orbital_send_event_(place: Place, event: Event) *const Receipt;
pub extern fn orbital_send_events_(place: Place, n: usize, events: [*]const Event) [*]const Answer;
pub extern fn orbital_request_(place: Place, request: Request) *const Receipt;
pub extern fn orbital_success_(place: Place, receipt: *const Receipt) *const Receipt;
pub extern fn orbital_new_id() [*:0]const u8;
pub extern fn orbital_expect_(place: Place, key: [*:0]const u8, replies: [*]const Reply) void;
pub extern fn orbital_wait_for_(place: Place, key: [*:0]const u8, options: WaitOptions) *const Delivery;
pub extern fn orbital_wait_n_(place: Place, n: u32, options: WaitNOptions) [*]const Delivery;
pub extern fn orbital_no_delivery_within_(place: Place, key: [*:0]const u8, within: [*:0]const u8) void;
pub extern fn orbital_log_(level: c_uint, message: [*:0]const u8, fields: [*]const Field) void;
pub extern fn orbital_record_(place: Place, kind: c_int, name: [*:0]const u8, value: f64, labels: [*]const Field) void;
pub extern fn orbital_run_context() *const Run;
pub extern fn orbital_time_left() f64;
pub extern fn orbital_config(name: [*:0]const u8) ?[*:0]const u8;
pub extern fn orbital_require_config_(place: Place, name: [*:0]const u8) [*:0]const u8;
pub extern fn orbital_now() f64;
pub extern fn orbital_elapsed() f64;
pub extern fn orbital_sleep_(place: Place, duration: [*:0]const u8) void;
