//! The service under attack: a process of its own, what it answers to others meanwhile, and how much
//! memory it takes.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::common::{Folder, Service, demo_city, program};
use crate::wire::{exchange, get};

/// Time between two questions of somebody else.
const PAUSE: Duration = Duration::from_millis(15);

pub struct Target {
    pub folder: Folder,
    pub service: Service,
}

/// What others noticed of an attack.
#[derive(Debug)]
pub struct Noticed {
    /// How long their questions took, shortest first.
    pub times: Vec<Duration>,
    /// Statuses other than 200 that they got.
    pub failures: Vec<u16>,
    /// The most memory of the process, in MB.
    pub memory_mb: u64,
}

impl Noticed {
    pub fn quantile(&self, share: f64) -> Duration {
        let at = ((self.times.len() as f64 - 1.0) * share).ceil().max(0.0) as usize;
        self.times.get(at).copied().unwrap_or(Duration::MAX)
    }
}

/// A line of a process's status, in MB.
pub fn memory_mb(process: u32, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|known| known.starts_with(line)).unwrap_or("x 0");
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// Forgets the most memory that a process ever had.
pub fn reset_peak(process: u32) {
    let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
}

impl Target {
    pub fn start(reports: u32) -> Self {
        let folder = demo_city("attack", reports, 5);
        let errors = File::create(folder.file("errors.txt")).unwrap();
        let child = program(&folder)
            .args(["serve", "--listen", "127.0.0.1:0", "--basemap", "none"])
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let service = Service::of(child);
        Self { folder, service }
    }

    pub fn address(&self) -> SocketAddr {
        self.service.address
    }

    /// What the process wrote to its standard error.
    pub fn errors(&self) -> String {
        fs::read_to_string(self.folder.file("errors.txt")).unwrap()
    }

    /// Asks for the nearest reports, as people do, for so long or until it is stopped.
    pub fn ask(&self, time: Duration, stop: &AtomicBool) -> Noticed {
        reset_peak(self.service.child.id());
        let (began, mut times, mut failures) = (Instant::now(), Vec::new(), Vec::new());
        let mut n = 0_u8;
        while began.elapsed() < time && !stop.load(Ordering::Relaxed) {
            n = n.wrapping_add(1);
            // From ever other addresses and for ever other places.
            let target = format!(
                "/api/v1/nearest?lon=-71.{}&lat=46.8{}&k=20",
                200 + u32::from(n),
                u32::from(n) % 10
            );
            let asked = Instant::now();
            match exchange(self.address(), [1, n.max(1)], &get(&target)) {
                Some(answer) if answer.status == 200 => times.push(asked.elapsed()),
                answer => failures.push(answer.map_or(0, |answer| answer.status)),
            }
            std::thread::sleep(PAUSE);
        }
        times.sort_unstable();
        Noticed { times, failures, memory_mb: memory_mb(self.service.child.id(), "VmHWM") }
    }
}
