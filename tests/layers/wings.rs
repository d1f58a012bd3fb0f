//! The order of the folders: in which direction names may point.

use crate::tree::Edge;

/// The wings from the ground up, each with its rooms from the ground up. A file names only files of
/// its own room and of those before it.
pub const WINGS: &[(&str, &[&str])] = &[
    (
        "base",
        &[
            "sys", "error", "dialect", "digits", "float", "address", "clock", "wire", "written",
            "state", "json", "text", "log",
        ],
    ),
    ("settings", SETTINGS),
    ("model", &["metric", "store", "frame"]),
    ("kernel", &["read", "collect", "between", "gather"]),
    (
        "workers",
        &[
            "queue", "inflate", "head", "headers", "failure", "bcrypt", "tls", "stream", "answer",
            "client", "grpc",
        ],
    ),
    ("inputs", &["push", "scrape", "textfile", "tail"]),
    (
        "outputs",
        &[
            "backoff",
            "json_text",
            "reasons",
            "answer_text",
            "expose",
            "spool",
            "export",
            "alert",
            "status",
        ],
    ),
    ("serve", &["http", "listen", "security", "event"]),
    ("library", &["registry", "recorder"]),
    ("pipelines", &[]),
    ("pipelines_off", &[]),
    // Routes hand on what is pushed and show what the pipelines know, so they stand above them; the
    // pipelines know nothing of requests.
    ("serve", &["routes", "tiny"]),
    ("app", &[]),
    ("main", &[]),
    ("lib", &[]),
];

/// The rooms of the settings have no order yet.
const SETTINGS: &[&str] =
    &["problem", "types", "table", "sources", "resolve", "show", "web", "tests"];

/// What tests may name wherever they are: samples are compared as the text that a page would show.
const FOR_TESTS: &str = "outputs/expose/";

/// The wing of a file and its room, which the wing's own `mod.rs` has none of.
fn parts(file: &str) -> (&str, Option<&str>) {
    let mut parts = file.split('/').map(|part| part.trim_end_matches(".rs"));
    (parts.next().unwrap(), parts.next().filter(|room| *room != "mod"))
}

/// The place of a file in the order. A wing's `mod.rs` stands above its rooms, and its tests above that.
fn rank(file: &str) -> Result<(usize, usize), String> {
    let (wing, room) = parts(file);
    let mut places = WINGS.iter().enumerate().filter(|(_, (name, _))| *name == wing);
    let Some(room) = room.filter(|room| *room != "tests") else {
        let (at, (_, rooms)) = places.next_back().ok_or_else(|| unplaced(file, wing))?;
        return Ok((at, rooms.len() + usize::from(room.is_some())));
    };
    let found = places.find_map(|(at, (_, rooms))| {
        let room_at = rooms.iter().position(|name| *name == room);
        room_at.or(rooms.is_empty().then_some(0)).map(|room_at| (at, room_at))
    });
    found.ok_or_else(|| unplaced(file, room))
}

fn unplaced(file: &str, name: &str) -> String {
    format!("src/{file}: {name} has no place: add it to WINGS")
}

/// Whether the file holds nothing but tests and what they share.
pub fn is_test(file: &str) -> bool {
    let mut parts = file.trim_end_matches(".rs").split('/');
    parts.any(|part| part == "tests" || part == "testing")
}

/// Whether a test names what every test may name.
pub fn is_allowed_in_tests(edge: &Edge) -> bool {
    (edge.is_test || is_test(&edge.from)) && edge.to.starts_with(FOR_TESTS)
}

/// Everything that points up, and every file without a place.
pub fn faults(files: &[String], edges: &[Edge]) -> Vec<String> {
    let mut faults: Vec<_> = files.iter().filter_map(|file| rank(file).err()).collect();
    for edge in edges.iter().filter(|edge| !is_allowed_in_tests(edge)) {
        let (Ok(from), Ok(to_rank)) = (rank(&edge.from), rank(&edge.to)) else { continue };
        if to_rank > from {
            let Edge { from: file, line, name, .. } = edge;
            let (wing, room) = parts(file);
            let of_same = from.0 == to_rank.0;
            let place = if of_same { room.unwrap_or(wing) } else { wing };
            let before = if of_same { WINGS[from.0].1[..from.1].join(", ") } else { wings(from.0) };
            let may = "may name itself and";
            faults.push(format!("src/{file}:{line}: names {name}; {place} {may} [{before}]"));
        }
    }
    faults
}

/// The first wings; of those that are in two places, with their rooms.
fn wings(count: usize) -> String {
    let is_whole = |wing: &str| WINGS.iter().filter(|(name, _)| *name == wing).count() == 1;
    let shown = WINGS[..count].iter().map(|(name, rooms)| match is_whole(name) {
        true => (*name).to_owned(),
        false => format!("{name}/{{{}}}", rooms.join(", ")),
    });
    shown.collect::<Vec<_>>().join(", ")
}
