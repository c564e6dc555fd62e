# Seven thin targets; everything else is in the program's own commands and in the tests.
.DEFAULT_GOAL := run
.PHONY: run release test fuzz bench api-types fmt

# Builds the page and the program in minutes (profile `quick`, without optimisation), fills a store with the demo city, and
# prints the address.
run:
	cargo run --profile quick -- serve --demo --store sqlite:demo.db

# Builds the fastest program, target/release/pointchaud: link-time optimisation, a much longer build.
release:
	cargo build --release

# Everything: style, docs, Rust tests, browser tests. Installs what they need, or says what is missing.
test:
	tests/needs.sh
	cargo fmt --check
	cargo clippy --quiet --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps
	cd static && npm run --silent check && npm test --silent
	cargo test --quiet
	FUZZ_SECONDS=20 cargo test --quiet --test it fuzz -- --ignored --test-threads 1
	tests/licences.sh
	target/debug/pointchaud openapi | (cd static && npm run --silent api-types -- --check)
	cargo test --quiet --bench all -- --smoke >/dev/null
	tests/instructions.sh
	tests/browser/run.sh

# The coverage-guided fuzzers, SECONDS on each parser, and Miri on what is pure; both need a nightly
# toolchain. `make test` runs random inputs on every parser with the stable one.
fuzz:
	tests/needs.sh
	fuzz/run.sh $(or $(SECONDS),600)
	tests/miri.sh

# Speed beside the best peers, in one table: a few minutes. FULL=1 takes sixteen, rewrites BENCH.md and
# renews the figures of README.md and docs/speed.md. `make test` runs every row on tiny data.
bench:
	cargo bench --bench all -- $(if $(FULL),--full)
	$(if $(FULL),UPDATE_DOCS=1 cargo test --quiet --test it docs::figures)

# Renews static/api-types.ts, the page's types of the API, from the program's OpenAPI document.
api-types:
	cargo build --quiet
	target/debug/pointchaud openapi | (cd static && npm run --silent api-types)

fmt:
	cargo fmt
