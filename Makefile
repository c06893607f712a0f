# The project's commands. `make` alone lists them; anything longer than a line is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help demo test test-sdk test-upstreams test-webhooks test-mcp nemesis bench fuzz-api docker-build docker-up docker-down docker-logs docker-restart pm2-deploy pm2-logs pm2-restart backup restore lint lint-docker lint-k8s fmt build install dev-backend dev-frontend db-migrate db-studio clean

DATABASE_URL ?= sqlite:.demo/sora.db

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: ## Run the whole platform on this machine, without any setup (PORT=3000)
	@scripts/demo

test: ## Install missing tools, lint, and run every test
	@scripts/test

test-sdk: ## Test the API below /v1 with OpenAI's SDKs for Python and Node
	@scripts/test-sdk

test-upstreams: ## Test third-party upstream servers (LiteLLM's proxy) in front of the simulator
	@scripts/test-upstreams

test-webhooks: ## Verify webhooks with the packages of receivers (standardwebhooks, openai) for Python and Node
	@scripts/test-webhooks

test-mcp: ## Test the tools of /mcp with the official clients for Python and TypeScript
	@scripts/test-mcp

bench: ## Measure the release build (SCENARIOS="requests latency")
	@SCENARIOS="$(SCENARIOS)" scripts/bench

nemesis: ## Inject faults into real processes and check that nothing is lost (SEEDS=1,2,3 or COUNT=200)
	@SEEDS="$(SEEDS)" COUNT="$(COUNT)" scripts/nemesis

fuzz-api: ## Fuzz the API with Schemathesis (DURATION=600)
	@DURATION="$(or $(DURATION),600)" scripts/fuzz-api

docker-build: ## Build the images: sora-gateway, -processor, -migration, -frontend (IMAGE_TAG=latest)
	@scripts/compose build

docker-up: ## Build and start everything with Docker Compose, and wait until it is healthy
	@./docker-start.sh

docker-down: ## Stop the containers; the data is kept
	@scripts/compose --profile simulator --profile tools down

docker-logs: ## Follow the containers' logs
	@scripts/compose logs --follow --tail=100

docker-restart: ## Restart gateway, processor and frontend; jobs continue
	@scripts/compose restart gateway processor frontend

pm2-deploy: ## Build and run under PM2, or replace the running release without losing a job
	@./deploy.sh

pm2-logs: ## Follow the logs of the PM2 processes
	@pm2 logs /sora-/

pm2-restart: ## Restart the PM2 processes with the settings in .env, without losing a job
	@./deploy.sh --restart

backup: ## Back up the database and the videos while everything runs (TO=backups)
	@scripts/archive backup "$(or $(TO),backups)"

restore: ## Restore a backup into an empty system (BACKUP=backups/…, FORCE=yes)
	@scripts/archive restore "$(BACKUP)" $(if $(FORCE),--force)

lint: ## Check formatting, lints, dependency rules and documents
	cargo fmt --all --check
	cargo xtask check dependencies
	cargo xtask check documents
	cargo clippy --workspace --all-targets -- -D warnings
	cd frontend && npm run lint

lint-docker: ## Check the Dockerfiles and docker-compose.yml
	@scripts/check-docker

lint-k8s: ## Render, validate and scan the Kubernetes manifests
	@scripts/check-manifests

fmt: ## Format the Rust code
	cargo fmt --all

build: install ## Build the processes (release) and the page
	cargo build --release --workspace --bins
	cd frontend && npm run build

install: ## Install the dependencies of the processes and the page
	cargo fetch --locked
	cd frontend && npm ci

dev-backend: ## Run the processes for development, without the page (PORT=3000)
	@scripts/demo --backend

dev-frontend: ## Run Vite's development server against dev-backend
	cd frontend && npm run dev

db-migrate: ## Migrate the database (DATABASE_URL=sqlite:.demo/sora.db)
	@mkdir -p .demo
	DATABASE_URL="$(DATABASE_URL)" cargo run --quiet --package migration -- up

db-studio: ## Open the database of .env in a terminal SQL editor (DATABASE_URL)
	@scripts/run scripts/db-studio

clean: ## Remove the demo's data and all build output
	@! bash -c '. scripts/lib.sh && is_running "$$(identity_in .demo/pid)"' || { echo "the demo is running; stop it first" >&2; exit 1; }
	rm -rf .demo target frontend/dist
