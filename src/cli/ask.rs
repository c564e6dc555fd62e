//! Questions to the person at the terminal about what is ambiguous or missing, one at a time: the
//! column of a field, the city, the time zone, the order of day and month, the projection.

use std::io::{BufRead, Write};

use crate::error::{Error, Result};
use crate::ingest::{DateOrder, Declared, OpenQuestion, Recognition, SourceFile};
use crate::message;
use crate::store::Reader;
use crate::usecase::{city_of, recall_date_order};

/// Columns that are offered for a field.
const OFFERED: usize = 9;

/// The options of the command line about a file, completed by answers.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// As `--jurisdiction`.
    pub jurisdiction: Option<String>,
    /// As `--time-zone`.
    pub time_zone: Option<String>,
    /// As `--date-order`.
    pub date_order: Option<String>,
    /// As `--projection`.
    pub projection: Option<String>,
    /// As `--negate`.
    pub negate: Option<String>,
    /// As `--repeats`, which is not asked for.
    pub repeats: Option<String>,
    /// As `--ids`, which is not asked for.
    pub ids: Option<String>,
}

impl Answers {
    /// What is declared about the file as a whole.
    pub fn declared(&self) -> Declared<'_> {
        Declared {
            jurisdiction: self.jurisdiction.as_deref(),
            time_zone: self.time_zone.as_deref(),
            date_order: self.date_order.as_deref(),
            projection: self.projection.as_deref(),
            negate: self.negate.as_deref(),
            repeats: self.repeats.as_deref(),
            ids: self.ids.as_deref(),
        }
    }
}

/// The person who answers.
pub struct Terminal<R, W> {
    /// Where answers come from, one a line.
    pub input: R,
    /// Where questions go.
    pub output: W,
}

impl<R: BufRead, W: Write> Terminal<R, W> {
    /// Asks for everything that the file does not say, and completes `answers`.
    ///
    /// # Errors
    /// The input ends before the last answer; what was asked for cannot be answered.
    pub fn ask_all(
        &mut self,
        source: &mut SourceFile,
        answers: &mut Answers,
        reader: &Reader,
    ) -> Result<()> {
        while let Some((field, doubt)) = source.recognition().and_then(Recognition::first_doubt) {
            self.say(&format!("Ambiguous: {doubt}"))?;
            let column = self.column(source, field)?;
            source.decide(field, column)?;
        }
        loop {
            let Answers { jurisdiction, time_zone, .. } = &*answers;
            let found = city_of(source, jurisdiction.as_deref(), time_zone.as_deref(), reader);
            let Err(error) = found else { break };
            let refusal = error.refusals.first();
            let is_missing = refusal.is_some_and(|refusal| refusal.value.is_empty());
            match refusal.map(|refusal| refusal.field.as_str()) {
                Some("--jurisdiction") => {
                    if answers.jurisdiction.is_some() {
                        self.say(&error.to_string())?;
                    }
                    let question = "City of the file, such as city.example";
                    answers.jurisdiction = Some(self.text(question, None)?);
                }
                Some("--time-zone") if is_missing => {
                    let here = jiff::tz::TimeZone::system().iana_name().map(str::to_owned);
                    let zone = self.zone(here.as_deref())?;
                    answers.time_zone = Some(zone);
                }
                _ => return Err(error),
            }
        }
        source.declare(&answers.declared())?;
        let city =
            city_of(source, answers.jurisdiction.as_deref(), answers.time_zone.as_deref(), reader)?;
        let city = &city.jurisdiction;
        recall_date_order(source, &city.id, reader)?;
        for question in source.open_questions(city.extent, Some(&city.time_zone), None)? {
            self.ask(source, question)?;
        }
        Ok(())
    }

    /// Asks what the rows do not say.
    fn ask(&mut self, source: &mut SourceFile, question: OpenQuestion) -> Result<()> {
        match question {
            OpenQuestion::DateOrder(sample, orders) => {
                let question = format!("Order of dates such as '{sample}'");
                let shown = |order: &DateOrder| match order {
                    DateOrder::YearFirst => order.shown().en,
                    _ => format!("{}/year", order.shown().en),
                };
                let choices: Vec<String> = orders.iter().map(shown).collect();
                let order = orders[self.choice(&question, &choices)?].word();
                source.declare(&Declared { date_order: Some(order), ..Declared::default() })
            }
            OpenQuestion::Projection(x, y, candidates) => loop {
                let known = match candidates.is_empty() {
                    true => "such as EPSG:2154".to_owned(),
                    false => format!("perhaps {}", candidates.join(", ")),
                };
                let question = format!("Projection of coordinates such as {x}, {y}, {known}");
                let name = self.text(&question, None)?;
                let declared = Declared { projection: Some(&name), ..Declared::default() };
                match source.declare(&declared) {
                    Ok(()) => return Ok(()),
                    Err(error) => self.say(&error.to_string())?,
                }
            },
            // Only a mapping file says it; the import names it and stops.
            OpenQuestion::Zone(_) => Ok(()),
            OpenQuestion::Negate(negation) => {
                self.say(
                    "The places of the file lie far from the city, their mirror image lies in it.",
                )?;
                let choices = [
                    format!("add the missing minus sign to {}", negation.shown().en),
                    "keep the places as they are".to_owned(),
                ];
                let word = [negation.word(), "none"][self.choice("Places", &choices)?];
                source.declare(&Declared { negate: Some(word), ..Declared::default() })
            }
        }
    }

    /// The column that a field is read from; `None` where there is none.
    fn column(&mut self, source: &SourceFile, field: &str) -> Result<Option<usize>> {
        let offered = source.recognition().map_or(Vec::new(), |found| found.candidates(field));
        let offered = &offered[..offered.len().min(OFFERED)];
        let mut choices: Vec<String> = Vec::new();
        for (_, column) in offered {
            let examples: Vec<String> =
                column.examples.iter().map(|example| format!("'{example}'")).collect();
            choices.push(format!("{}: {}", column.name, examples.join(", ")));
        }
        choices.push("none of them".to_owned());
        let chosen = self.choice(&format!("Column of '{field}'"), &choices)?;
        Ok(offered.get(chosen).map(|(number, _)| *number))
    }

    fn zone(&mut self, default: Option<&str>) -> Result<String> {
        loop {
            let zone = self.text("Time zone of the times, such as America/Toronto", default)?;
            match jiff::tz::TimeZone::get(&zone) {
                Ok(_) => return Ok(zone),
                Err(_) => self.say(&format!("'{zone}' is not an IANA time zone"))?,
            }
        }
    }

    /// Asks for one of numbered choices; an empty line takes the first.
    fn choice(&mut self, question: &str, choices: &[String]) -> Result<usize> {
        for (number, choice) in (1..).zip(choices) {
            self.say(&format!("  {number}) {choice}"))?;
        }
        loop {
            let answer = self.text(question, Some("1"))?;
            match answer.parse::<usize>() {
                Ok(number) if (1..=choices.len()).contains(&number) => return Ok(number - 1),
                _ => self.say(&format!("Enter a number from 1 to {}", choices.len()))?,
            }
        }
    }

    /// Asks for a line; an empty one takes the default, and without a default is asked again.
    fn text(&mut self, question: &str, default: Option<&str>) -> Result<String> {
        loop {
            let shown = default.map(|default| format!(" [{default}]")).unwrap_or_default();
            write!(self.output, "{question}{shown}: ").map_err(Error::internal)?;
            self.output.flush().map_err(Error::internal)?;
            let mut line = String::new();
            if self.input.read_line(&mut line).map_err(Error::internal)? == 0 {
                let message = message!("aucune réponse", "no answer was given");
                return Err(Error::new(crate::error::ErrorKind::Invalid, message));
            }
            match (line.trim(), default) {
                ("", Some(default)) => return Ok(default.to_owned()),
                ("", None) => {}
                (answer, _) => return Ok(answer.to_owned()),
            }
        }
    }

    fn say(&mut self, sentence: &str) -> Result<()> {
        writeln!(self.output, "{sentence}").map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::ReadOptions;

    /// What is asked of a file where these lines are answered; and the answers with the columns
    /// that are read in the end.
    fn asked(rows: &str, lines: &str) -> (String, Result<(Answers, String)>) {
        let folder = std::env::temp_dir();
        let name =
            format!("pointchaud-ask-{}-{}", std::process::id(), blake3::hash(rows.as_bytes()));
        let (file, store) = (folder.join(format!("{name}.csv")), folder.join(format!("{name}.db")));
        std::fs::write(&file, rows).unwrap();
        let mut source = SourceFile::open(&file, "auto", None, &ReadOptions::default()).unwrap();
        let reader = Reader::open(&store).unwrap();
        let mut answers = Answers::default();
        let mut terminal = Terminal { input: lines.as_bytes(), output: Vec::new() };
        let outcome = terminal.ask_all(&mut source, &mut answers, &reader);
        let mut fields: Vec<String> = source
            .profile()
            .columns
            .iter()
            .map(|(field, columns)| format!("{field}={}", columns.join("|")))
            .collect();
        fields.sort();
        let order = source.profile().date_order.clone().unwrap_or_default();
        let said = String::from_utf8(terminal.output).unwrap();
        drop(reader);
        for path in [&file, &store] {
            let _gone = std::fs::remove_file(path);
        }
        (said, outcome.map(|()| (answers, format!("{} {order}", fields.join(" ")))))
    }

    fn rows(header: &str, row: impl Fn(usize) -> String) -> String {
        format!("{header}\n{}", (10..50).map(row).collect::<String>())
    }

    #[test]
    fn what_is_not_sure_is_asked_and_the_rest_is_not() {
        let themes = ["Day", "Night"];
        let text = rows("id,created,topic,theme", |n| {
            let (day, topic) = (n % 9 + 1, ["Road", "Park", "Noise"][n % 3]);
            format!("{n},0{day}/03/2025 08:{n},{topic},{}\n", themes[n % 2])
        });
        let (said, outcome) = asked(&text, "2\ncity.example\nEurope/Paris\n\n");
        let (answers, fields) = outcome.unwrap();
        assert_eq!(fields, "category=theme id=id requested=created dmy");
        assert_eq!(answers.jurisdiction.as_deref(), Some("city.example"));
        assert_eq!(answers.time_zone.as_deref(), Some("Europe/Paris"));
        for part in [
            "Ambiguous: category: 'topic' or 'theme'",
            "  1) topic: 'Park', 'Noise', 'Road'",
            "  2) theme: 'Day', 'Night'",
            "  3) none of them",
            "Column of 'category' [1]: ",
            "  1) day/month/year",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        // Nothing else is asked for where every time has an offset.
        let text = rows("id,created,type", |n| format!("{n},2025-03-02T08:{n}:00Z,Hole\n"));
        let (said, outcome) = asked(&text, "city.example\n");
        assert!(outcome.is_ok());
        assert_eq!(said, "City of the file, such as city.example: ");
    }

    #[test]
    fn bad_answers_are_asked_again_and_none_at_all_ends_the_import() {
        let text = rows("id,created,type,X,Y", |n| {
            format!("{n},2025-03-02 08:{n}:00,Hole,9144{n}.5,50401{n}.5\n")
        });
        let lines = "no city!\ncity.example\nMars/Olympus\nAmerica/Toronto\nEPSG:1\nEPSG:32187\n";
        let (said, outcome) = asked(&text, lines);
        assert_eq!(outcome.unwrap().0.time_zone.as_deref(), Some("America/Toronto"));
        assert!(said.contains("'Mars/Olympus' is not an IANA time zone"), "{said}");
        assert_eq!(said.matches("City of the file").count(), 2, "{said}");
        assert_eq!(said.matches("Projection of coordinates").count(), 2, "{said}");
        let (_, outcome) = asked(&format!("{text}\n"), "city.example\n");
        assert!(outcome.unwrap_err().to_string().contains("no answer was given"));
    }
}
