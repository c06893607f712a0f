# The commands of this project. Bare `make` lists them; everything longer than a line is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help demo test test-upstreams nemesis fuzz-api docker-build docker-up docker-down docker-logs docker-restart pm2-deploy pm2-logs pm2-restart backup restore lint lint-docker lint-k8s fmt build install dev-backend dev-frontend db-migrate db-studio clean

DATABASE_URL ?= sqlite:.demo/sora.db

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: ## Run the whole platform here: one address, nothing to set up (PORT=3000)
	@scripts/demo

test: ## Install what is missing, lint, and run every test
	@scripts/test

test-upstreams: ## Drive upstream servers that others wrote (LiteLLM's proxy), in front of the simulator
	@scripts/test-upstreams

nemesis: ## Kill, freeze and empty real processes, and check that nothing is lost (SEEDS=1,2,3 or COUNT=200)
	@SEEDS="$(SEEDS)" COUNT="$(COUNT)" scripts/nemesis

fuzz-api: ## Call the API with what Schemathesis thinks up, by its document (DURATION=600)
	@DURATION="$(or $(DURATION),600)" scripts/fuzz-api

docker-build: ## Build the images: sora-gateway, -processor, -migration, -frontend (IMAGE_TAG=latest)
	@scripts/compose build

docker-up: ## Build and start everything with Docker Compose, and wait until it is healthy
	@./docker-start.sh

docker-down: ## Stop what docker-up started; the data stays
	@scripts/compose --profile simulator --profile tools down

docker-logs: ## Follow the logs of what docker-up started
	@scripts/compose logs --follow --tail=100

docker-restart: ## Restart gateway, processor and page; jobs go on where they were
	@scripts/compose restart gateway processor frontend

pm2-deploy: ## Build, and run on this machine under PM2, or replace what runs without losing a job
	@./deploy.sh

pm2-logs: ## Follow the logs of what pm2-deploy started
	@pm2 logs /sora-/

pm2-restart: ## Start the processes anew with what .env says now, without losing a job
	@./deploy.sh --restart

backup: ## Copy database and videos into a folder of backups/, while everything runs (TO=backups)
	@scripts/run node scripts/archive.mjs backup "$(or $(TO),backups)"

restore: ## Put a backup in the place of an empty system (BACKUP=backups/…, FORCE=yes)
	@scripts/run node scripts/archive.mjs restore "$(BACKUP)" $(if $(FORCE),--force)

lint: ## Check formatting, lints and the dependency rules
	cargo fmt --all --check
	scripts/check-dependencies
	scripts/check-documents
	cargo clippy --workspace --all-targets -- -D warnings
	cd frontend && npm run lint

lint-docker: ## Check the Dockerfiles, and that docker-compose.yml keeps its rules
	@scripts/check-docker

lint-k8s: ## Check the Kubernetes manifests: rendered, valid, secure
	@scripts/check-manifests

fmt: ## Format the Rust code
	cargo fmt --all

build: install ## Build the processes (release) and the page
	cargo build --release --workspace --bins
	cd frontend && npm run build

install: ## Fetch the dependencies of the processes and of the page
	cargo fetch --locked
	cd frontend && npm ci

dev-backend: ## Run the processes for development, without the page (PORT=3000)
	@scripts/demo --backend

dev-frontend: ## Run the page's development server against dev-backend
	cd frontend && npm run dev

db-migrate: ## Bring the database up to date (DATABASE_URL=sqlite:.demo/sora.db)
	@mkdir -p .demo
	DATABASE_URL="$(DATABASE_URL)" cargo run --quiet --package migration -- up

db-studio: ## Open a browser for the database that .env names, on this machine alone (PORT=8081)
	@scripts/run scripts/db-studio

clean: ## Remove the demo's data and everything that was built
	@! { [ -e .demo/pid ] && kill -0 "$$(cat .demo/pid)" 2>/dev/null; } || { echo "the demo is running: stop it first" >&2; exit 1; }
	rm -rf .demo target frontend/dist
