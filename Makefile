# Each target is a line or two; the work is in scripts/.
.PHONY: run test check bench bench-slow-clients bench-hostile soak fuzz advisories dist site

run: dist
	@exec ./target/release/latchkey serve $(ARGS)

dist:
	@scripts/build-release

site:
	@scripts/build-site

test:
	@scripts/test

check:
	@scripts/check

bench:
	@scripts/bench

bench-slow-clients:
	@scripts/bench-slow-clients

bench-hostile:
	@scripts/bench-hostile

soak:
	@scripts/soak

advisories:
	@scripts/advisories

fuzz:
	@scripts/fuzz $(ARGS)
