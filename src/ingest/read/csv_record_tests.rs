//! Records with open quotes, with cells of several lines, and longer than a row may be.

use crate::ingest::read::ROW_BYTES_MAX;
use crate::ingest::read::csv_record::{CHUNK, RecordText};
use crate::ingest::read::open_quotes::LinesAhead;

/// The cells of all records, their lines, and the lines of open quotes.
fn records(text: &str, wants: usize) -> (Vec<Vec<String>>, Vec<u64>, Vec<u64>) {
    let mut reader = RecordText::new(text.as_bytes()).unwrap();
    let (mut all, mut lines, mut open) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(record) = reader.next(&(wants..=wants)).unwrap() {
        let cells = reader.cells().map(|cell| String::from_utf8_lossy(cell).into_owned());
        all.push(cells.collect());
        lines.push(record.line);
        open.extend(record.has_open_quote.then_some(record.line));
    }
    (all, lines, open)
}

#[test]
fn quotes_line_ends_and_lines_are_counted_as_they_stand() {
    let text = "a,\"b \"\"c\"\", d\",e\r\n\r\n1,\"two\r\nlines\",\"\"\r\n2,5\" pipe,\"x\" \r\n3,,";
    let (all, lines, open) = records(text, 3);
    assert_eq!(all[0], ["a", "b \"c\", d", "e"]);
    assert_eq!(all[1], ["1", "two\r\nlines", ""]);
    assert_eq!(all[2], ["2", "5\" pipe", "x"]);
    assert_eq!(all[3], ["3", "", ""]);
    assert_eq!((lines, open), (vec![1, 3, 5, 6], vec![]));
    assert_eq!(records("a,b\rc,d\r", 2).0, [["a", "b"], ["c", "d"]]);
}

#[test]
fn an_open_quote_swallows_no_row() {
    for orphan in ["\"open", "\"", "x,\"open", "\"open \"word\" more"] {
        for later in ["", "7,\"fine, too\",z\n", "8,y,5\"\n", "9,\"a \"\"b\"\"\",c\n", "3,\"\",\n"]
        {
            let first = if orphan.starts_with('x') { "" } else { "x," };
            let text = format!("1,{first}{orphan}\n2,b,c\n3,d,e\n{later}4,f,g\n");
            let (all, _, open) = records(&text, 3);
            let ids: Vec<&str> = all.iter().map(|cells| cells[0].as_str()).collect();
            let mut wanted = vec!["1", "2", "3"];
            wanted.extend(later.get(..1));
            wanted.push("4");
            assert_eq!(ids, wanted, "{text}");
            assert_eq!(open, [1], "{text}");
            assert!(all.iter().all(|cells| cells.len() == 3), "{text}: {all:?}");
        }
    }
    // An open quote in a row that is too short does not swallow the others either.
    let (all, _, open) = records("1,\"x\n2,b,c\n3,d,e\n", 3);
    assert_eq!((all.len(), open), (3, vec![1]));
}

#[test]
fn a_cell_of_several_lines_stays_one() {
    let (all, _, open) = records("1,\"a, b\nc\",z\n2,\"x, y, z\nw\",z\n", 3);
    assert_eq!((all.len(), open.len()), (2, 0));
    let (all, _, open) = records("1,x,\"Hello,\nwe came, twice\nbye\"\n", 3);
    assert_eq!((all.len(), open.len()), (1, 0));
}

#[test]
fn a_row_that_is_too_long_is_passed() {
    let long = "x".repeat(ROW_BYTES_MAX + CHUNK);
    let text = format!("1,a\n2,{long}\n3,c\n4,\"{long}\n5,d\n");
    let mut reader = RecordText::new(text.as_bytes()).unwrap();
    let mut seen = Vec::new();
    while let Some(record) = reader.next(&(2..=2)).unwrap() {
        seen.push((record.line, record.is_too_long));
    }
    assert_eq!(seen, [(1, false), (2, true), (3, false), (4, true), (5, false)]);
}

/// The number of cells, or `too long` with whether the quote is open, of each record by its line.
fn lines_of(text: &str, wants: usize) -> Vec<(u64, Option<usize>, bool)> {
    let mut reader = RecordText::new(text.as_bytes()).unwrap();
    let mut seen = Vec::new();
    while let Some(record) = reader.next(&(wants..=wants)).unwrap() {
        let cells = (!record.is_too_long).then(|| reader.cells().count());
        seen.push((record.line, cells, record.has_open_quote));
    }
    seen
}

#[test]
fn a_cell_of_many_lines_that_is_too_long_is_one_record() {
    let mut count_of_texts = 0;
    for part in [
        "abcdefg\n",
        "a, b, c\nd\ne, f\n",
        "a \"\"b\"\"\n",
        "1,x\nabcd",
        "\"\"\"\"\"\"\"\"",
        "\r\nabcdef",
    ] {
        let count = (ROW_BYTES_MAX + CHUNK) / part.len();
        let cell = part.repeat(count);
        let lines = (part.matches('\n').count() * count) as u64;
        for (long, wants) in [
            (format!("2,\"{cell}\",z"), 3),
            (format!("2,y,\"{cell}\""), 3),
            (format!("\"{cell}\",y,z"), 3),
            (format!("2,\"a\nb\",\"{cell}\",\"c\nd\""), 4),
        ] {
            // Every third is enough: each takes a second.
            count_of_texts += 1;
            if count_of_texts % 3 != 0 {
                continue;
            }
            let inner = if wants == 4 { 2 } else { 0 };
            let filler = if wants == 4 { ",d" } else { "" };
            let text = format!("1,b,c{filler}\n{long}\n3,\"d\",e{filler}\n4,f,g{filler}\n");
            let after = 3 + lines + inner;
            let wanted = [
                (1, Some(wants), false),
                (2, None, false),
                (after, Some(wants), false),
                (after + 1, Some(wants), false),
            ];
            assert!(lines_of(&text, wants) == wanted, "{part:?} {wants}");
        }
    }
}

#[test]
fn an_open_quote_swallows_no_row_of_a_long_file() {
    let row = format!("2,b,{}\n", "c d e".repeat(30));
    let count = (ROW_BYTES_MAX + CHUNK) / row.len();
    let rows = row.repeat(count);
    for first in ["1,a,\"open", "1,\"open,c", "\"1,b,c", "1,\"open"] {
        let seen = lines_of(&format!("{first}\n{rows}9,z,z\n"), 3);
        assert_eq!((seen.len(), seen[0].0, seen[0].2), (count + 2, 1, true), "{first}");
        assert!(seen[1..].iter().all(|(_, cells, _)| *cells == Some(3)), "{first}");
    }
}

#[test]
fn a_plain_cell_after_one_of_several_lines_is_too_long_as_well() {
    let long = "x".repeat(ROW_BYTES_MAX + CHUNK);
    let seen = lines_of(&format!("1,\"a\nb\",{long}\n2,\"c\",d\n"), 3);
    assert_eq!(seen, [(1, None, false), (3, Some(3), false)]);
}

#[test]
fn a_table_may_have_rows_of_several_widths() {
    let mut reader = RecordText::new(&b"1,\"a, b\",c\n2,\"a\nb\",c,d\n3,\"a\nb\",c\n"[..]).unwrap();
    let mut counts = Vec::new();
    while reader.next(&(3..=4)).unwrap().is_some() {
        counts.push(reader.cells().count());
    }
    assert_eq!(counts, [3, 4, 3]);
}

/// Bytes that are looked at for each byte of a table, and its records.
fn looked_at(text: &str, wants: usize) -> (u64, Vec<(u64, usize, bool)>) {
    let mut reader = RecordText::new(text.as_bytes()).unwrap();
    let mut seen = Vec::new();
    while let Some(record) = reader.next(&(wants..=wants)).unwrap() {
        seen.push((record.line, reader.cells().count(), record.has_open_quote));
    }
    (reader.ahead.examined / text.len() as u64, seen)
}

#[test]
fn open_quotes_in_every_line_are_read_in_linear_time() {
    let count = 12_000;
    let lines = |of: &dyn Fn(u32) -> String| (0..count).map(of).collect::<String>();
    for (text, open, most) in [
        (lines(&|n| format!("{n},\"abc,d\n")), count as usize, 4),
        (lines(&|n| format!("{n},b,\"c\n")), count as usize, 4),
        (lines(&|n| format!("\"{n},b,c\r\n")), count as usize, 4),
        // A quote at the end closes all of them.
        (lines(&|n| format!("{n},\"abc,d\n")) + "9,x\",d\n", count as usize, 4),
        (lines(&|n| format!("{n},b,\"c\n")) + "9,x,d\"\n", count as usize, 4),
        // Each closes in the next line, where another is opened.
        (lines(&|n| format!("{n},\"a\",\"b\n")), count as usize, 40),
        (lines(&|n| format!("{n},b,\"c \"d\n9,b,\"c\"\n")), count as usize, 8),
        // Lines of other widths, of which one at the end is a row.
        (lines(&|n| format!("{n},\"a\n")) + "1,b,c\n", count as usize, 8),
    ] {
        let (times, seen) = looked_at(&text, 3);
        assert!(times <= most, "{times} {}", &text[..40]);
        assert_eq!(seen.len(), text.lines().count(), "{}", &text[..40]);
        assert!(seen.iter().zip(1..).all(|((line, ..), n)| *line == n), "{}", &text[..40]);
        assert_eq!(seen.iter().filter(|one| one.2).count(), open, "{}", &text[..40]);
    }
    // Longer than a row may be.
    let row = format!("1,\"b,{}\n", "c d e".repeat(200));
    let (times, seen) = looked_at(&row.repeat(30 * (1 << 20) / row.len()), 3);
    assert!(times <= 6 && seen.iter().all(|(_, cells, open)| *cells == 3 && *open), "{times}");
}

/// The records of a text; with `anew`, nothing is kept of what was seen ahead.
fn all_records(text: &str, anew: bool) -> Vec<(u64, Vec<String>, bool, bool)> {
    let mut reader = RecordText::new(text.as_bytes()).unwrap();
    let mut seen = Vec::new();
    while let Some(record) = reader.next(&(3..=4)).unwrap() {
        let cells = reader.cells().map(|cell| String::from_utf8_lossy(cell).into_owned());
        seen.push((record.line, cells.collect(), record.has_open_quote, record.is_too_long));
        if anew {
            reader.ahead = LinesAhead::default();
        }
    }
    seen
}

#[test]
fn what_was_seen_ahead_changes_no_record() {
    let pieces =
        ["\"", "\"\"", ",", ",\"", "\",", "\n", "\r\n", "a", "b c", " ", "1,2,3\n", "x,\"y"];
    // Numbers of a linear congruential generator (Knuth, MMIX).
    let mut state = 7_u64;
    let mut below = |most: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % most
    };
    for _ in 0..4_000 {
        let count = 5 + below(55);
        let text: String = (0..count).map(|_| pieces[below(pieces.len())]).collect();
        assert_eq!(all_records(&text, false), all_records(&text, true), "{text}");
    }
}

#[test]
fn an_open_quote_in_a_line_as_long_as_a_row_may_be() {
    for less in 0..4 {
        let line = format!("1,\"{}\"\"", "x".repeat(ROW_BYTES_MAX - 4 - less));
        let seen = all_records(&format!("{line}\n2,b,c\n3,b,c\n"), false);
        let last: Vec<&str> = seen.iter().rev().take(2).map(|one| one.1[0].as_str()).collect();
        assert_eq!(last, ["3", "2"], "{less}");
    }
}
