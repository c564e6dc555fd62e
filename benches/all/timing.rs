//! Timing of calls in the same process.

use std::time::Instant;

/// An implementation under measurement: its name and a query, called with a running number.
pub struct Contender<'a> {
    pub name: &'a str,
    pub query: Box<dyn FnMut(usize) + 'a>,
}

impl<'a> Contender<'a> {
    pub fn new(name: &'a str, query: impl FnMut(usize) + 'a) -> Self {
        Self { name, query: Box::new(query) }
    }
}

/// How often a query is called.
#[derive(Clone, Copy)]
pub struct Repeat {
    pub rounds: usize,
    /// Calls in each round, timed together.
    pub calls: usize,
    /// Calls timed one by one, for the 99th percentile.
    pub singles: usize,
}

/// The figures of one contender.
pub struct Timing {
    pub name: String,
    /// Median over the rounds of the mean time of a call, in microseconds.
    pub median_us: f64,
    /// 99th percentile of single calls, in microseconds.
    pub p99_us: f64,
}

/// Times the contenders in turns, round by round, so that a slow minute of the machine is slow for
/// all of them.
pub fn interleaved(mut contenders: Vec<Contender<'_>>, repeat: Repeat) -> Vec<Timing> {
    let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    for _ in 0..repeat.rounds {
        for (contender, times) in contenders.iter_mut().zip(&mut rounds) {
            let began = Instant::now();
            (0..repeat.calls).for_each(|n| (contender.query)(n));
            times.push(began.elapsed().as_secs_f64() * 1e6 / repeat.calls as f64);
        }
    }
    let timings = contenders.iter_mut().zip(rounds).map(|(contender, mut times)| {
        let single = |n: usize| {
            let began = Instant::now();
            (contender.query)(n);
            began.elapsed().as_secs_f64() * 1e6
        };
        let mut singles: Vec<f64> = (0..repeat.singles).map(single).collect();
        Timing {
            name: contender.name.to_owned(),
            median_us: quantile(&mut times, 0.5),
            p99_us: quantile(&mut singles, 0.99),
        }
    });
    timings.collect()
}

/// Times one contender, after one call that fills what is computed once.
pub fn alone(repeat: Repeat, mut query: impl FnMut(usize)) -> Timing {
    query(0);
    interleaved(vec![Contender::new("ours", query)], repeat).remove(0)
}

/// The value at a share of the sorted values, NaN of none. Sorts the values.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (share * values.len() as f64) as usize;
    values.get(at.min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}
