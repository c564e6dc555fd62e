//! Erasure: which parts of a report can be removed, what is left of it, and how long each is kept.

use jiff::{Span, Timestamp, tz::TimeZone};

use crate::domain::report::details::Details;
use crate::domain::report::record::Report;
use crate::i18n::Message;
use crate::message;

crate::domain::vocabulary::vocabulary!(
    /// A part of a report that can be erased.
    ErasableField {
        /// Name, e-mail, telephone, account and device of its sender.
        Contact = "contact",
        /// Its photos, the files too, and those of its updates.
        Photos = "photos",
        /// Its description.
        Description = "description",
        /// Its answers in free text; numbers, dates and choices stay.
        Answers = "answers",
        /// The texts of its updates, and the old descriptions, answers and photos in its history.
        History = "history",
    }
);

crate::domain::vocabulary::vocabulary!(
    /// What an erasure was asked for.
    ErasureKind {
        /// A report, by its number.
        Report = "report",
        /// The reports of a contact.
        Contact = "contact",
        /// The reports made before a moment.
        OlderThan = "older_than",
        /// What the city keeps no longer.
        Expired = "expired",
        /// An earlier erasure, done again in a store that was restored from a backup.
        Again = "again",
    }
);

/// How much an erasure removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasureCounts {
    /// Contacts of senders.
    pub contacts: u64,
    /// Addresses of photos, those of updates too.
    pub photos: u64,
    /// Descriptions.
    pub descriptions: u64,
    /// Answers in free text.
    pub answers: u64,
    /// Changes in histories that lost their values, and updates that lost their text.
    pub history: u64,
}

impl std::ops::AddAssign for ErasureCounts {
    fn add_assign(&mut self, other: Self) {
        self.contacts += other.contacts;
        self.photos += other.photos;
        self.descriptions += other.descriptions;
        self.answers += other.answers;
        self.history += other.history;
    }
}

impl ErasureCounts {
    /// What a report has that it has no more `after`.
    pub fn between(before: &Report, after: &Report) -> Self {
        let lost =
            |count: &dyn Fn(&Report) -> usize| count(before).saturating_sub(count(after)) as u64;
        let of_details = |report: &Report, count: fn(&Details) -> usize| {
            report.details.as_deref().map_or(0, count)
        };
        Self {
            descriptions: lost(&|report| usize::from(report.description.is_some())),
            photos: lost(&|report| of_details(report, |details| details.media.len())),
            answers: lost(&|report| of_details(report, |details| details.answers.len())),
            ..Self::default()
        }
    }

    /// Was anything removed?
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }
}

impl ErasableField {
    /// Reads a list of fields separated by commas; all fields for an empty list.
    ///
    /// # Errors
    /// The first word that is no field.
    ///
    /// ```
    /// use pointchaud::domain::ErasableField;
    ///
    /// let read = ErasableField::list("contact,photos").unwrap();
    /// assert_eq!(read, [ErasableField::Contact, ErasableField::Photos]);
    /// assert_eq!(ErasableField::list("").unwrap().len(), 5);
    /// assert!(ErasableField::list("name").is_err());
    /// ```
    pub fn list(text: &str) -> Result<Vec<Self>, Message> {
        if text.trim().is_empty() {
            return Ok(Self::ALL.to_vec());
        }
        let mut fields = Vec::new();
        for word in text.split(',').map(str::trim) {
            let known = Self::spellings();
            let field = Self::parse(word)
                .ok_or_else(|| message!("doit être parmi : {known}", "must be among: {known}"))?;
            fields.push(field);
        }
        fields.sort_unstable();
        fields.dedup();
        Ok(fields)
    }

    /// The names of fields, separated by commas, as [`ErasableField::list`] reads them.
    pub fn names(fields: &[Self]) -> String {
        let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        names.join(",")
    }

    /// The fields of the table of fields whose old values in histories go with this one.
    pub fn history(fields: &[Self]) -> Vec<&'static str> {
        let of = |field: &Self| -> &'static [&'static str] {
            match field {
                Self::Contact => &[],
                Self::Photos => &["media_url"],
                Self::Description => &["description"],
                Self::Answers => &["attributes"],
                Self::History => &["media_url", "description", "attributes"],
            }
        };
        let mut names: Vec<&str> = fields.iter().flat_map(of).copied().collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl Report {
    /// The report without these fields. `is_statistic` says of the code of a question whether its
    /// answers are numbers, dates or choices, which stay.
    pub fn without(&self, fields: &[ErasableField], is_statistic: &dyn Fn(&str) -> bool) -> Self {
        let mut left = self.clone();
        if fields.contains(&ErasableField::Description) {
            left.description = None;
        }
        if let Some(details) = &mut left.details {
            if fields.contains(&ErasableField::Photos) {
                details.media.clear();
            }
            if fields.contains(&ErasableField::Answers) {
                details.answers.retain(|answer| is_statistic(&answer.code));
            }
        }
        left.details = left.details.filter(|details| !details.is_empty());
        left
    }
}

/// How long something is kept: a number of days, weeks, months or years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPeriod {
    count: u16,
    unit: char,
}

impl RetentionPeriod {
    /// Reads `30d`, `6w`, `18m` or `2y`.
    ///
    /// # Errors
    /// Says how it is written.
    ///
    /// ```
    /// use pointchaud::domain::RetentionPeriod;
    ///
    /// let now = "2028-02-29T12:00:00Z".parse().unwrap();
    /// let before = |text| RetentionPeriod::parse(text).unwrap().before(now).to_string();
    /// assert_eq!(before("2y"), "2026-02-28T12:00:00Z");
    /// assert_eq!(before("10d"), "2028-02-19T12:00:00Z");
    /// assert!(RetentionPeriod::parse("0d").is_err() && RetentionPeriod::parse("2 ans").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, Message> {
        let text = text.trim();
        let unit = text.chars().next_back().filter(|unit| "dwmy".contains(*unit));
        let count = unit.and_then(|unit| text.strip_suffix(unit)?.parse().ok());
        match (count, unit) {
            (Some(count @ 1..=1_200), Some(unit)) => Ok(Self { count, unit }),
            (Some(count @ 1..), Some('d')) => Ok(Self { count, unit: 'd' }),
            _ => Err(message!(
                "doit être un nombre de jours, semaines, mois ou années : 30d, 6w, 18m, 2y",
                "must be a number of days, weeks, months or years: 30d, 6w, 18m, 2y"
            )),
        }
    }

    /// The moment that lies this long before `now`.
    pub fn before(self, now: Timestamp) -> Timestamp {
        let count = i64::from(self.count);
        let span = match self.unit {
            'w' => Span::new().weeks(count),
            'm' => Span::new().months(count),
            'y' => Span::new().years(count),
            _ => Span::new().days(count),
        };
        let then = now.to_zoned_datetime(TimeZone::UTC).checked_sub(span);
        then.map_or(Timestamp::MIN, |then| then.timestamp())
    }
}

impl std::fmt::Display for RetentionPeriod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.count, self.unit)
    }
}
