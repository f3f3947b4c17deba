"""The names of spans and attributes, in one place.

Those of `gen_ai.*` are the GenAI semantic conventions of OpenTelemetry (status: development, in
open-telemetry/semantic-conventions-genai); those of `groom.*` are ours. When a convention moves,
this file is what changes.
"""

SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0"
"""The last release of the general conventions that held the GenAI names."""

# What a span does: `gen_ai.operation.name`, and the first word of the span's name.
INVOKE_WORKFLOW = "invoke_workflow"
INVOKE_AGENT = "invoke_agent"
EXECUTE_TOOL = "execute_tool"
CHAT = "chat"
PLAN = "plan"

# Spans for which the conventions have no name.
GATE = "groom.gate"
PARK = "groom.park"
EXECUTE = "groom.execute"
REVERT = "groom.revert"

OPERATION_NAME = "gen_ai.operation.name"
WORKFLOW_NAME = "gen_ai.workflow.name"
CONVERSATION_ID = "gen_ai.conversation.id"
AGENT_NAME = "gen_ai.agent.name"
TOOL_NAME = "gen_ai.tool.name"
TOOL_TYPE = "gen_ai.tool.type"
PROVIDER_NAME = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_TEMPERATURE = "gen_ai.request.temperature"
REQUEST_SEED = "gen_ai.request.seed"
RESPONSE_ID = "gen_ai.response.id"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_FINISH_REASONS = "gen_ai.response.finish_reasons"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
ERROR_TYPE = "error.type"

RUN_ID = "groom.run.id"
DATASET = "groom.dataset"
TABLE_VERSION = "groom.table.version"
VERSION_BEFORE = "groom.table.version.before"
VERSION_AFTER = "groom.table.version.after"
TOOL_VERSION = "groom.tool.version"
FINDINGS = "groom.findings"
PROPOSALS = "groom.proposals"
PROPOSAL_ID = "groom.proposal.id"
PROPOSAL_DIGEST = "groom.proposal.digest"
STEP_DIGEST = "groom.step.digest"
CONTENT_REF = "groom.content.ref"
"""Digest of what a model was asked or answered; the text itself is kept elsewhere, if at all."""
POLICY_OUTCOME = "groom.policy.outcome"
POLICY_RULES = "groom.policy.rules"
POLICY_DIGEST = "groom.policy.digest"
REVIEWERS = "groom.reviewers"
OUTCOME = "groom.outcome"
FALLBACK_REASON = "groom.fallback.reason"
"""Why a model was not used, or not heard."""
ERROR_AT = "groom.error.at"
"""File and line that raised; messages of foreign exceptions may hold cells and are not recorded."""


def span_name(operation: str, subject: str) -> str:
    """The name of a span as the conventions write it: `execute_tool profile`."""
    return f"{operation} {subject}" if subject else operation
