//! The order of day, month and year in dates of numbers alone, and what all dates of a file say
//! about it.

use jiff::civil::Date;

use crate::i18n::Message;
use crate::ingest::time::text::{WrittenDate, whole_year, written};
use crate::message;

/// Which numbers of a date come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 27/05/2026.
    DayFirst,
    /// 05/27/2026.
    MonthFirst,
    /// 26/05/27.
    YearFirst,
}

impl DateOrder {
    /// Every order.
    pub const ALL: [Self; 3] = [Self::DayFirst, Self::MonthFirst, Self::YearFirst];

    /// Its word in profiles and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::DayFirst => "dmy",
            Self::MonthFirst => "mdy",
            Self::YearFirst => "ymd",
        }
    }

    /// The order of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.word() == word)
    }

    /// A sample for people: `day/month`.
    pub fn shown(self) -> Message {
        match self {
            Self::DayFirst => message!("jour/mois", "day/month"),
            Self::MonthFirst => message!("mois/jour", "month/day"),
            Self::YearFirst => message!("année/mois/jour", "year/month/day"),
        }
    }

    /// The date of a text in this order; `None` where it is none. A year of four digits says itself
    /// where it is.
    pub fn date(self, written: &WrittenDate) -> Option<Date> {
        let (first, second, year, is_short) = match *written {
            WrittenDate::Sure(date) => return Some(date),
            WrittenDate::Either { first, second, year, is_short, .. } => {
                (first, second, year, is_short)
            }
        };
        let (year, month, day) = match self {
            Self::DayFirst => (year, second, first),
            Self::MonthFirst => (year, first, second),
            Self::YearFirst if is_short => {
                (whole_year(first.into()), second, i8::try_from(year % 100).ok()?)
            }
            Self::YearFirst => return None,
        };
        Date::new(year, month, day).ok()
    }
}

/// Orders that may be meant, and the option that declares one.
pub fn orders_in_words(orders: &[DateOrder]) -> Message {
    let listed = |or: &str, text: &dyn Fn(&DateOrder) -> String| {
        orders.iter().map(text).collect::<Vec<_>>().join(or)
    };
    let word = |order: &DateOrder| order.word().to_owned();
    let (fr, en) =
        (listed(" ou ", &|order| order.shown().fr), listed(" or ", &|order| order.shown().en));
    let (words_fr, words_en) = (listed(" ou ", &word), listed(" or ", &word));
    message!("{fr} (--date-order {words_fr})", "{en} (--date-order {words_en})")
}

/// What the dates of a whole file say about the order of day, month and year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DateVotes {
    /// Dates that only one order makes a date: day first, month first.
    impossible: [u64; 2],
    /// Dates that lie ahead in the other order.
    ahead: [u64; 2],
    /// Dates that fit both orders.
    either: u64,
    /// Of these, written with points.
    dotted: u64,
    /// Dates with a year of two digits, which may come first.
    short: ShortDates,
    /// Dates with a year of four digits, which comes last.
    long: u64,
}

/// What was found about the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderFound {
    /// No date asks for it.
    NotNeeded,
    /// All dates but a hundredth fit this order and not the other.
    Found(DateOrder),
    /// Every date fits several orders, or some fit one and some another.
    Open,
}

/// Dates of three numbers of two digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct ShortDates {
    /// Dates that do not lie ahead with the year first, and others.
    year_first: [u64; 2],
    /// The same with the year last.
    year_last: [u64; 2],
    /// The numbers that came first and last, a bit for each.
    firsts: u128,
    lasts: u128,
}

/// Years below this are as often a day or a month: dates that would have them first are a doubt.
const YEARS_FROM: u32 = 13;

impl ShortDates {
    fn add(&mut self, date: &WrittenDate, today: Date) {
        let WrittenDate::Either { first, year, .. } = *date else { return };
        let fits = |order: DateOrder| order.date(date).is_some_and(|date| date <= today);
        let [fit, unfit] = &mut self.year_first;
        *(if fits(DateOrder::YearFirst) { fit } else { unfit }) += 1;
        let is_last = fits(DateOrder::DayFirst) || fits(DateOrder::MonthFirst);
        let [fit, unfit] = &mut self.year_last;
        *(if is_last { fit } else { unfit }) += 1;
        self.firsts |= 1_u128 << u32::from(first.unsigned_abs()).min(127);
        self.lasts |= 1_u128 << u32::from(year.unsigned_abs() % 100);
    }

    /// Does the year come first? Of days there are more than of years. `None` where both may be.
    fn has_years_first(&self) -> Option<bool> {
        let are_all = |[fits, others]: [u64; 2]| fits > 0 && others * 100 <= fits;
        match (are_all(self.year_first), are_all(self.year_last)) {
            (false, _) => Some(false),
            (true, false) => Some(true),
            (true, true) => {
                let (firsts, lasts) = (self.firsts.count_ones(), self.lasts.count_ones());
                let are_years = self.firsts.trailing_zeros() >= YEARS_FROM;
                match () {
                    () if lasts * 2 <= firsts => Some(false),
                    () if firsts * 2 <= lasts && are_years => Some(true),
                    () => None,
                }
            }
        }
    }
}

impl DateVotes {
    /// Counts the date of a text that must not lie after `today`.
    pub fn add(&mut self, text: &str, today: Date) {
        // A year in front leaves no choice of orders, and most exports write it so.
        if let [a, b, c, d, b'-', ..] = text.as_bytes()
            && [a, b, c, d].into_iter().all(u8::is_ascii_digit)
        {
            return;
        }
        let Some(parts) = written(text) else { return };
        let WrittenDate::Either { dotted, is_short, .. } = parts.date else { return };
        match is_short {
            true => self.short.add(&parts.date, today),
            false => self.long += 1,
        }
        match [DateOrder::DayFirst, DateOrder::MonthFirst].map(|order| order.date(&parts.date)) {
            [Some(_), None] => self.impossible[0] += 1,
            [None, Some(_)] => self.impossible[1] += 1,
            [Some(day_first), Some(month_first)] if day_first != month_first => {
                self.either += 1;
                self.dotted += u64::from(dotted);
                match (day_first > today, month_first > today) {
                    (false, true) => self.ahead[0] += 1,
                    (true, false) => self.ahead[1] += 1,
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// May the year of some date come first?
    pub fn may_have_years_first(&self) -> bool {
        self.long == 0 && self.short.year_first[0] > 0
    }

    /// Does every date fit several orders, so that one that is known otherwise may be taken?
    pub fn fit_several(&self) -> bool {
        self.impossible == [0, 0]
    }

    /// The order that all dates together say.
    pub fn found(&self) -> OrderFound {
        let has_last = self.either > 0 || self.impossible != [0, 0];
        let years_first = match (self.long, self.short.has_years_first()) {
            (0, found) if has_last || found == Some(true) => found,
            _ => Some(false),
        };
        match years_first {
            Some(true) => return OrderFound::Found(DateOrder::YearFirst),
            None => return OrderFound::Open,
            Some(false) => {}
        }
        let majority = |votes: [u64; 2]| match votes {
            [a, b] if a > 0 && b * 100 <= a => Some(DateOrder::DayFirst),
            [a, b] if b > 0 && a * 100 <= b => Some(DateOrder::MonthFirst),
            _ => None,
        };
        match self.impossible {
            [0, 0] if self.either == 0 => OrderFound::NotNeeded,
            [0, 0] => match majority(self.ahead) {
                Some(order) => OrderFound::Found(order),
                None if self.dotted == self.either => OrderFound::Found(DateOrder::DayFirst),
                None => OrderFound::Open,
            },
            votes => majority(votes).map_or(OrderFound::Open, OrderFound::Found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(texts: &[&str]) -> OrderFound {
        let today = Date::new(2026, 6, 15).unwrap();
        let mut votes = DateVotes::default();
        texts.iter().for_each(|text| votes.add(text, today));
        votes.found()
    }

    #[test]
    fn all_dates_decide_the_order() {
        let found_order = OrderFound::Found;
        assert_eq!(found(&["13/02/2026", "05/02/2026"]), found_order(DateOrder::DayFirst));
        assert_eq!(found(&["02/05/2026", "02/13/2026"]), found_order(DateOrder::MonthFirst));
        assert_eq!(found(&["05/02/2026", "06/03/2026"]), OrderFound::Open);
        // In the other order it would lie in the future.
        assert_eq!(found(&["05/02/2026", "05/11/2026"]), found_order(DateOrder::MonthFirst));
        assert_eq!(found(&["13/02/2026", "02/13/2026"]), OrderFound::Open);
        assert_eq!(found(&["05.02.2026", "06.03.2026"]), found_order(DateOrder::DayFirst));
        assert_eq!(found(&["2026-05-27", "nonsense"]), OrderFound::NotNeeded);
    }

    #[test]
    fn years_of_two_digits_come_first_or_last() {
        let days = |form: fn(u32) -> String| (1..=20).map(form).collect::<Vec<String>>();
        for (dates, order) in [
            (days(|n| format!("24/03/{n:02}")), OrderFound::Found(DateOrder::YearFirst)),
            (days(|n| format!("24.03.{n:02} 08:15")), OrderFound::Found(DateOrder::YearFirst)),
            (
                days(|n| format!("{}-02-{n:02}", 23 + n % 3)),
                OrderFound::Found(DateOrder::YearFirst),
            ),
            (days(|n| format!("{n:02}/03/24")), OrderFound::Found(DateOrder::DayFirst)),
            (days(|n| format!("03/{n:02}/24")), OrderFound::Found(DateOrder::MonthFirst)),
            (days(|n| format!("{n:02}-03-24")), OrderFound::Found(DateOrder::DayFirst)),
            // With the year last it lies ahead, or is none.
            (vec!["24/05/27".into()], OrderFound::Found(DateOrder::YearFirst)),
            (vec!["98/05/20".into()], OrderFound::Found(DateOrder::YearFirst)),
            (vec!["27/05/26".into()], OrderFound::Found(DateOrder::DayFirst)),
            // The 24th of March 2005, or the 5th of March 2024.
            (vec!["24/03/05".into()], OrderFound::Open),
            // Once a year, or in March 2001.
            (days(|n| format!("01/03/{n:02}")), OrderFound::Open),
            (vec!["05/05/24".into()], OrderFound::NotNeeded),
        ] {
            let texts: Vec<&str> = dates.iter().map(String::as_str).collect();
            assert_eq!(found(&texts), order, "{texts:?}");
        }
    }

    #[test]
    fn a_date_is_read_in_each_order() {
        let date = |order: DateOrder, text: &str| {
            order.date(&written(text).unwrap().date).map(|date| date.to_string())
        };
        assert_eq!(date(DateOrder::YearFirst, "24/01/02").as_deref(), Some("2024-01-02"));
        assert_eq!(date(DateOrder::YearFirst, "98-01-02").as_deref(), Some("1998-01-02"));
        assert_eq!(date(DateOrder::DayFirst, "24/01/02").as_deref(), Some("2002-01-24"));
        assert_eq!(date(DateOrder::YearFirst, "05/06/2026"), None);
    }
}
