//! Frames of HTTP/2 as bytes, and floods of them: what a client sends that wants no answer.

/// Types of frames (RFC 9113, section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The first bytes of a connection, with empty settings.
pub fn preface() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(SETTINGS, 0, 0, &[])].concat()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A literal that is not put into the table, with a name of the static table (RFC 7541, 6.2.2).
fn literal(name: u8, value: &str) -> Vec<u8> {
    [&[name, value.len() as u8][..], value.as_bytes()].concat()
}

/// The compressed head of a request.
fn head(method: &str, path: &str) -> Vec<u8> {
    // 2: `:method`, 4: `:path`, 1: `:authority`; 0x87: `:scheme` is `https`.
    [literal(2, method), vec![0x87], literal(4, path), literal(1, "localhost")].concat()
}

/// Frames that a client sends again and again; the number is that of the repetition, from 0.
#[derive(Clone)]
pub struct Flood {
    pub name: &'static str,
    /// What comes once, after the preface.
    pub first: Vec<u8>,
    pub repeated: fn(u32) -> Vec<u8>,
    /// These are requests that a client may make, though not so many at a time.
    pub are_requests: bool,
}

/// The number of a client's stream.
fn stream(n: u32) -> u32 {
    2 * n + 1
}

fn get(n: u32, flags: u8) -> Vec<u8> {
    frame(HEADERS, flags, stream(n), &head("GET", "/api/v1/stats"))
}

/// A header of 4,000 bytes that the table keeps, and then is named with one byte each time.
fn bomb(n: u32) -> Vec<u8> {
    let mut block = head("GET", "/healthz");
    let value = [b'x'; 4_000];
    // A literal that is put into the table, with a name of its own: `bomb`.
    block.extend([0x40, 4]);
    block.extend(b"bomb");
    // The length of the value, of more than 7 bits: 127 and the rest in groups of 7.
    let rest = value.len() - 127;
    block.extend([0x7f, (rest & 0x7f) as u8 | 0x80, (rest >> 7) as u8]);
    block.extend(value);
    // The entry that was put in last is number 62.
    block.extend([0x80 | 62; 8_000]);
    frame(HEADERS, END_STREAM | END_HEADERS, stream(n), &block)
}

fn after(name: &'static str, first: Vec<u8>, repeated: fn(u32) -> Vec<u8>) -> Flood {
    Flood { name, first, repeated, are_requests: false }
}

pub fn floods() -> Vec<Flood> {
    let flood = |name, repeated| after(name, Vec::new(), repeated);
    let requests = |name, repeated| Flood { are_requests: true, ..flood(name, repeated) };
    let post = frame(HEADERS, END_HEADERS, 1, &head("POST", "/api/v1/within"));
    let open = frame(HEADERS, END_STREAM, 1, &head("GET", "/healthz"));
    vec![
        flood("PING", |n| frame(PING, 0, 0, &u64::from(n).to_be_bytes())),
        flood("SETTINGS", |_| frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0])),
        flood("PRIORITY", |n| frame(PRIORITY, 0, stream(n % 1_000), &[0, 0, 0, 0, 9])),
        flood("a frame of no known type", |_| frame(0xfa, 0, 0, &[0; 100])),
        flood("WINDOW_UPDATE of 0", |_| frame(WINDOW_UPDATE, 0, 0, &[0; 4])),
        flood("WINDOW_UPDATE of 1", |_| frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])),
        flood("requests that are cancelled", |n| {
            let cancel = frame(RST_STREAM, 0, stream(n), &8_u32.to_be_bytes());
            [get(n, END_STREAM | END_HEADERS), cancel].concat()
        }),
        requests("10,000 requests at a time", |n| get(n, END_STREAM | END_HEADERS)),
        requests("requests without an end", |n| get(n, END_HEADERS)),
        flood("headers that unpack to 32 MB", bomb),
        after("CONTINUATION", open.clone(), |_| frame(CONTINUATION, 0, 1, &literal(1, "x"))),
        after("empty CONTINUATION", open, |_| frame(CONTINUATION, 0, 1, &[])),
        after("empty DATA", post.clone(), |_| frame(DATA, 0, 1, &[])),
        after("DATA that is all padding", post, |_| frame(DATA, 8, 1, &[255].repeat(256))),
    ]
}
