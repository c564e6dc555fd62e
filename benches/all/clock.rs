//! Timing: ours and the peers' turn by turn, so that a slow minute is slow for all.

use std::time::Instant;

const ROUNDS: usize = 5;

/// One contender: its name and a question, asked by number.
pub struct Contender<'a> {
    pub name: &'a str,
    pub ask: Box<dyn FnMut(usize) + 'a>,
}

/// A contender's figures.
pub struct Taken {
    pub name: String,
    /// Median over the rounds of the mean of a round, in microseconds.
    pub median: f64,
    /// 99th percentile of single questions, in microseconds.
    pub p99: f64,
}

/// Asks each contender `times` questions in each of several rounds, in turns.
pub fn turns(contenders: Vec<Contender<'_>>, times: usize) -> Vec<Taken> {
    let mut contenders = contenders;
    let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, taken) in contenders.iter_mut().zip(&mut rounds) {
            let began = Instant::now();
            (0..times).for_each(|n| (contender.ask)(n));
            taken.push(began.elapsed().as_secs_f64() * 1e6 / times as f64);
        }
    }
    let singles = times.clamp(50, 20_000);
    let figures = contenders.iter_mut().zip(rounds).map(|(contender, mut taken)| {
        let mut single: Vec<f64> = (0..singles)
            .map(|n| {
                let began = Instant::now();
                (contender.ask)(n);
                began.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        Taken {
            name: contender.name.to_owned(),
            median: quantile(&mut taken, 0.5),
            p99: quantile(&mut single, 0.99),
        }
    });
    figures.collect()
}

/// A quantile; sorts.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (share * values.len() as f64) as usize;
    values.get(at.min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}
