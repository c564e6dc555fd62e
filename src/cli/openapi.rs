//! `pointchaud openapi`: the OpenAPI document of the API, without a store.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::cli::output::StandardOutput;
use crate::error::{Error, Result};
use crate::http::openapi_document;
use crate::i18n::Language;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Language of the descriptions.
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lang {
    Fr,
    En,
}

/// Prints the document.
///
/// # Errors
/// The output is closed.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let language = match arguments.lang {
        Lang::Fr => Language::French,
        Lang::En => Language::English,
    };
    let text = format!("{:#}\n", openapi_document(language));
    StandardOutput.write_all(text.as_bytes()).map_err(Error::internal)?;
    Ok(ExitCode::SUCCESS)
}
