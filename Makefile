# Four thin targets; everything else is in the program's own commands and in the tests.
.DEFAULT_GOAL := run
.PHONY: run test bench fmt

# Builds the page and the program, fills a store with the demo city, prints the address.
run:
	cargo run --release -- serve --demo --store sqlite:demo.db

# Everything: style, docs, Rust tests, browser tests. Installs what they need, or says what is missing.
test:
	tests/needs.sh
	cargo fmt --check
	cargo clippy --quiet --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps
	cd static && npm run --silent check && npm test --silent
	cargo test --quiet
	cargo test --quiet --bench all -- --smoke >/dev/null
	tests/instructions.sh
	tests/browser/run.sh

# Speed beside the best peers, in one table: a few minutes; FULL=1 takes sixteen and rewrites BENCH.md.
# `make test` runs every row on tiny data.
bench:
	cargo bench --bench all -- $(if $(FULL),--full)

fmt:
	cargo fmt
