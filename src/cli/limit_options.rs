//! The options of `serve` that set limits, made from the table of limits.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::config::{LIMITS, Limit, LimitFault, LimitUnit, Limits};
use crate::error::{Refusal, Result};
use crate::i18n::Message;
use crate::message;

/// The heading of these options in the help.
const HEADING: &str = "Limits (each may also be set by its environment variable)";

/// The texts of the limits that were given, each with its limit.
#[derive(Debug, Default, Clone)]
pub struct LimitOptions(Vec<(usize, String)>);

impl LimitOptions {
    /// The limits, with their defaults where nothing was given.
    ///
    /// # Errors
    /// A value is malformed or too small; the refusal names the option.
    pub fn limits(&self) -> Result<Limits> {
        let mut limits = Limits::default();
        for (at, text) in &self.0 {
            let limit = &LIMITS[*at];
            let set = limit.set_text(&mut limits, text);
            set.map_err(|fault| {
                Refusal::new(format!("--{}", limit.option()), text, reason(limit, fault))
            })?;
        }
        Ok(limits)
    }
}

fn reason(limit: &Limit<Limits>, fault: LimitFault) -> Message {
    match (fault, limit.unit) {
        (LimitFault::TooSmall(min), LimitUnit::Seconds) => {
            let seconds = min as f64 / 1_000.0;
            message!("doit être au moins {seconds}", "must be at least {seconds}")
        }
        (LimitFault::TooSmall(min), _) => {
            message!("doit être au moins {min}", "must be at least {min}")
        }
        (LimitFault::Malformed, LimitUnit::Count(_)) => {
            message!("doit être un nombre entier", "must be a whole number")
        }
        (LimitFault::Malformed, LimitUnit::Seconds) => message!(
            "doit être un nombre de secondes, tel que 20 ou 0.5",
            "must be a number of seconds, such as 20 or 0.5"
        ),
        (LimitFault::Malformed, LimitUnit::Bytes) => message!(
            "doit être un nombre d’octets, tel que 4096, 64K ou 2M",
            "must be a number of bytes, such as 4096, 64K or 2M"
        ),
        (LimitFault::Malformed, LimitUnit::Memory) => message!(
            "doit être un nombre d’octets, tel que 2G, ou une part de 1% à 100%",
            "must be a number of bytes, such as 2G, or a share from 1% to 100%"
        ),
    }
}

impl Args for LimitOptions {
    fn augment_args(command: Command) -> Command {
        let arguments = LIMITS.iter().map(|limit| {
            Arg::new(limit.name)
                .long(limit.option())
                .env(limit.variable())
                .value_name(limit.value_name())
                .help(format!("{} (default: {})", limit.description(), limit.default_text()))
                .help_heading(HEADING)
                .hide_short_help(true)
        });
        command.args(arguments)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LimitOptions {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let given = LIMITS.iter().enumerate().filter_map(|(at, limit)| {
            let text = matches.get_one::<String>(limit.name)?;
            let is_given = matches.value_source(limit.name) != Some(ValueSource::DefaultValue);
            is_given.then(|| (at, text.clone()))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
