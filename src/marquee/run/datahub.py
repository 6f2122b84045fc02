"""DataHub: tables, columns, owners, terms, lineage, quality and runs as its metadata events."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from datahub.configuration.common import MetaError
from datahub.emitter.mce_builder import (
    make_assertion_urn,
    make_data_flow_urn,
    make_data_job_urn,
    make_data_platform_urn,
    make_dataset_urn,
    make_group_urn,
    make_schema_field_urn,
    make_term_urn,
)
from datahub.emitter.mcp import MetadataChangeProposalWrapper as Proposal
from datahub.emitter.rest_emitter import DatahubRestEmitter
from datahub.ingestion.sink.file import write_metadata_file
from datahub.metadata import schema_classes as schema
from requests import RequestException

from marquee.domain.quality import Rule
from marquee.domain.records import RunReport
from marquee.errors import TransientError
from marquee.run.lineage import GLOSSARY, Flow, Table, jobs

FLOW = "marquee"
OWNERS = "marquee-developers"
ACTOR = "urn:li:corpuser:marquee"


def type_of(name: str) -> schema.SchemaFieldDataTypeClass:
    """Return DataHub's type of a column, by the name of its own."""
    bare = name.removesuffix(" | None")
    number, text, logical = schema.NumberTypeClass(), schema.StringTypeClass(), schema.BooleanTypeClass()
    known: dict[str, Any] = {"int": number, "number": number, "str": text, "bool": logical, "json": text}
    return schema.SchemaFieldDataTypeClass(type=known.get(bare, schema.ArrayTypeClass()))


class Catalogue:
    """The proposals about a platform's tables and what is made of what.

    name: what tells this platform from others of the same DataHub (its instance).
    """

    def __init__(self, name: str, tables: Iterable[Table], flows: Iterable[Flow]) -> None:
        self.name = name
        self.tables = {table.name: table for table in tables}
        self.flows = list(flows)
        self.flow = make_data_flow_urn(FLOW, name)

    def urn(self, table: str) -> str:
        """Return a table's URN."""
        return str(make_dataset_urn(self.tables[table].platform, f"{self.name}.{table}"))

    def job(self, name: str) -> str:
        """Return a job's URN."""
        return str(make_data_job_urn(FLOW, self.name, name))

    def proposals(self, rules: Iterable[Rule], runs: Iterable[RunReport]) -> Iterator[Proposal]:
        """Yield everything: what a thing is said to be comes before what refers to it."""
        for name, words in GLOSSARY.items():
            about = schema.GlossaryTermInfoClass(definition=words, termSource="INTERNAL", name=name)
            yield Proposal(entityUrn=make_term_urn(f"marquee.{name}"), aspect=about)
        for table in self.tables.values():
            yield from self.dataset(table)
        for flow in self.flows:
            yield Proposal(entityUrn=self.urn(flow.into), aspect=self.lineage(flow))
        yield from self.work()
        yield from self.quality(rules, runs := list(runs))
        for run in runs:
            yield from self.run(run)

    def dataset(self, table: Table) -> Iterator[Proposal]:
        """Yield what a table is: description, schema with the terms of its columns, owners."""
        urn, stamp = self.urn(table.name), schema.AuditStampClass(time=0, actor=ACTOR)

        def terms(column: str) -> Any:
            if column not in table.terms:
                return None
            term = schema.GlossaryTermAssociationClass(urn=make_term_urn(f"marquee.{table.terms[column]}"))
            return schema.GlossaryTermsClass(terms=[term], auditStamp=stamp)

        yield Proposal(entityUrn=urn, aspect=schema.DatasetPropertiesClass(name=table.name, description=table.about))
        owner = schema.OwnerClass(owner=make_group_urn(OWNERS), type=schema.OwnershipTypeClass.TECHNICAL_OWNER)
        yield Proposal(entityUrn=urn, aspect=schema.OwnershipClass(owners=[owner]))
        if table.columns:
            fields = [
                schema.SchemaFieldClass(
                    fieldPath=name,
                    type=type_of(kind),
                    nativeDataType=kind,
                    nullable=True,
                    description=GLOSSARY.get(table.terms.get(name, "")),
                    glossaryTerms=terms(name),
                )
                for name, kind in table.columns.items()
            ]
            platform = make_data_platform_urn(table.platform)
            held = schema.SchemaMetadataClass(
                schemaName=table.name,
                platform=platform,
                version=0,
                hash="",
                platformSchema=schema.OtherSchemaClass(rawSchema=""),
                fields=fields,
            )
            yield Proposal(entityUrn=urn, aspect=held)

    def lineage(self, flow: Flow) -> schema.UpstreamLineageClass:
        """Return what a table is made of, and each of its columns."""
        kind = schema.DatasetLineageTypeClass.TRANSFORMED
        return schema.UpstreamLineageClass(
            upstreams=[schema.UpstreamClass(dataset=self.urn(table), type=kind) for table in flow.out_of],
            fineGrainedLineages=[
                schema.FineGrainedLineageClass(
                    upstreamType=schema.FineGrainedLineageUpstreamTypeClass.FIELD_SET,
                    upstreams=[make_schema_field_urn(self.urn(table), name) for table, name in sources],
                    downstreamType=schema.FineGrainedLineageDownstreamTypeClass.FIELD,
                    downstreams=[make_schema_field_urn(self.urn(flow.into), column)],
                )
                for column, sources in flow.columns.items()
            ]
            or None,
        )

    def work(self) -> Iterator[Proposal]:
        """Yield the jobs that make the tables."""
        about = "TMDB into merged answers: batch and speed layer"
        yield Proposal(entityUrn=self.flow, aspect=schema.DataFlowInfoClass(name=self.name, description=about))
        for name, (inputs, outputs) in jobs(self.flows).items():
            urn, kind = self.job(name), "COMMAND"
            yield Proposal(entityUrn=urn, aspect=schema.DataJobInfoClass(name=name, type=kind, flowUrn=self.flow))
            ends = schema.DataJobInputOutputClass(
                inputDatasets=[self.urn(table) for table in inputs],
                outputDatasets=[self.urn(table) for table in outputs],
            )
            yield Proposal(entityUrn=urn, aspect=ends)

    def quality(self, rules: Iterable[Rule], runs: list[RunReport]) -> Iterator[Proposal]:
        """Yield the quality rules as assertions, and how each came out in the runs that judged its layer."""
        for rule in rules:
            urn = make_assertion_urn(re.sub(r"\W+", "-", f"{self.name} {rule.table} {rule.name}"))
            dataset = self.urn(rule.table)
            info = schema.DatasetAssertionInfoClass(
                dataset=dataset,
                scope=schema.DatasetAssertionScopeClass.DATASET_COLUMN
                if rule.columns
                else schema.DatasetAssertionScopeClass.DATASET_ROWS,
                operator=schema.AssertionStdOperatorClass._NATIVE_,
                fields=[make_schema_field_urn(dataset, column) for column in rule.columns],
                nativeType=rule.kind,
                nativeParameters={"low": str(rule.low), "high": str(rule.high), "critical": str(rule.critical)},
            )
            kind = schema.AssertionTypeClass.DATASET
            described = schema.AssertionInfoClass(type=kind, datasetAssertion=info, description=rule.name)
            yield Proposal(entityUrn=urn, aspect=described)
            for run in runs:
                judged = run.report.get(rule.layer)
                if not isinstance(judged, dict) or "reasons" not in judged:
                    continue
                failed = any(reason.startswith(f"{rule.label}:") for reason in judged["reasons"])
                outcome = schema.AssertionResultTypeClass.FAILURE if failed else schema.AssertionResultTypeClass.SUCCESS
                event = schema.AssertionRunEventClass(
                    timestampMillis=run.finished_at,
                    runId=run.run_id,
                    asserteeUrn=dataset,
                    assertionUrn=urn,
                    status=schema.AssertionRunStatusClass.COMPLETE,
                    result=schema.AssertionResultClass(type=outcome),
                )
                yield Proposal(entityUrn=urn, aspect=event)

    def run(self, run: RunReport) -> Iterator[Proposal]:
        """Yield a batch run: when it began and ended, and how."""
        urn = f"urn:li:dataProcessInstance:{self.name}-{run.run}"
        created = schema.AuditStampClass(time=run.started_at, actor=ACTOR)
        about = schema.DataProcessInstancePropertiesClass(
            name=run.run_id, created=created, type=schema.DataProcessTypeClass.BATCH_SCHEDULED
        )
        yield Proposal(entityUrn=urn, aspect=about)
        of = schema.DataProcessInstanceRelationshipsClass(upstreamInstances=[], parentTemplate=self.flow)
        yield Proposal(entityUrn=urn, aspect=of)
        kind = schema.RunResultTypeClass.SUCCESS if run.well else schema.RunResultTypeClass.FAILURE
        for at, status, result in (
            (run.started_at, schema.DataProcessRunStatusClass.STARTED, None),
            (
                run.finished_at,
                schema.DataProcessRunStatusClass.COMPLETE,
                schema.DataProcessInstanceRunResultClass(type=kind, nativeResultType=run.state),
            ),
        ):
            event = schema.DataProcessInstanceRunEventClass(timestampMillis=at, status=status, result=result)
            yield Proposal(entityUrn=urn, aspect=event)


def write(path: Path, proposals: Iterable[Proposal]) -> int:
    """Write proposals into a file that DataHub's source `file` reads; return how many."""
    held = list(proposals)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_metadata_file(path, held)
    return len(held)


def send(address: str, token: str | None, proposals: Iterable[Proposal]) -> int:
    """Send proposals to DataHub's metadata service (GMS); return how many."""
    emitter, sent = DatahubRestEmitter(address, token=token, retry_max_times=2, timeout_sec=10), 0
    try:
        emitter.test_connection()
        for sent, proposal in enumerate(proposals, start=1):  # noqa: B007
            emitter.emit_mcp(proposal)
    except (MetaError, RequestException) as error:
        raise TransientError(
            f"DataHub at {address} took {sent} proposals and no more: {error}",
            hint="See that its metadata service runs (MARQUEE_DATAHUB) and takes the token (MARQUEE_DATAHUB_TOKEN).",
        ) from error
    finally:
        emitter.close()
    return sent
