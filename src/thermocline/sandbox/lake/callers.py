"""Who calls the bucket: identities with the user agents, addresses and headers that their clients really send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from thermocline.sandbox.lake.names import Names

__all__ = ["Caller", "Callers"]

AIRFLOW = "gcloud-python/2.17.0  gl-python/3.11.8 grpc/1.62.1 gax/2.19.0 gccl/airflow_v2.9.1+composer,gzip(gfe)"
PYTHON = "gcloud-python/2.18.2  gl-python/3.11.9 grpc/1.66.1 gax/2.19.2 gccl/2.18.2,gzip(gfe)"
GCSFS = "python-gcsfs/2024.9.0"
BEAM = "apache-beam/2.60.0 (GPN:Beam),gzip(gfe)"
BIGQUERY = "Google-BigQuery,gzip(gfe)"
BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36,gzip(gfe)"
)
GSUTIL = (
    "apitools Python/3.11.9 gsutil/5.30 (linux) analytics/disabled interactive/True command/cp "
    "google-cloud-sdk/495.0.0,gzip(gfe)"
)
GCLOUD = (
    "google-cloud-sdk gcloud/495.0.0 command/gcloud.storage.cp environment/None environment-version/None "
    "client-os/LINUX client-os-ver/6.1.0 client-pltf-arch/x86_64 interactive/{interactive} from-script/{script} "
    "python/3.11.9 term/xterm-256color,gzip(gfe)"
)
TRANSFER = "google-storage-transfer-service,gzip(gfe)"
THERMOCLINE = "thermocline/0.1.0,gzip(gfe)"


@dataclass(frozen=True, eq=False)
class Caller:
    """One identity with one client."""

    principal: str
    agent: str = ""
    ip: str = "gce-internal-ip"
    key_name: str = ""
    delegation: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def authentication(self) -> dict[str, Any]:
        """The entry's `authenticationInfo`; empty for an anonymous caller."""
        if not self.principal:
            return {}
        info: dict[str, Any] = {"principalEmail": self.principal}
        if self.principal.endswith(".gserviceaccount.com"):
            info["principalSubject"] = f"serviceAccount:{self.principal}"
        if self.key_name:
            info["serviceAccountKeyName"] = self.key_name
        if self.delegation:
            info["serviceAccountDelegationInfo"] = [{"firstPartyPrincipal": {"principalEmail": self.delegation}}]
        return info


class Callers:
    """The lake's cast, one attribute each; project numbers are made up."""

    def __init__(self, names: Names, env: str) -> None:
        project = f"{names['project']}-{env}"
        number = "401234567890"

        def account(key: str) -> str:
            return f"{names[f'principal.{key}']}@{project}.iam.gserviceaccount.com"

        def person(key: str) -> str:
            return f"{names[f'person.{key}']}@example.com"

        self.project = project
        self.partner_project = f"{names['project.partner']}-{env}"
        self.scheduler = Caller(account("scheduler"), AIRFLOW)
        self.scheduler_bigquery = Caller(account("scheduler"), BIGQUERY, ip="private")
        # One account, three clients: three consumers.
        self.etl_python = Caller(account("etl"), PYTHON)
        self.etl_gcsfs = Caller(account("etl"), GCSFS)
        beam_job = {"x-goog-custom-audit-job": names["job.seed_refresh"]}
        self.etl_beam = Caller(account("etl"), BEAM, headers=beam_job)
        partner = f"{names['principal.partner']}@{self.partner_project}.iam.gserviceaccount.com"
        key = f"//iam.googleapis.com/projects/{self.partner_project}/serviceAccounts/{partner}/keys/0f3c5e7a9b1d"
        self.partner = Caller(partner, PYTHON, ip="203.0.113.20", key_name=key)
        self.cloudsql = Caller(f"p{number}-k2f8xq@gcp-sa-cloud-sql.iam.gserviceaccount.com", "", ip="private")
        self.dashboard = Caller(account("dashboard"), BIGQUERY, ip="private")
        self.dashboard_lists = Caller(account("dashboard"), PYTHON)
        self.bi = Caller(account("bi"), BIGQUERY, ip="private")
        self.refresh = Caller(account("refresh"), GCLOUD.format(interactive=False, script=True), ip="2001:db8::17")
        self.features = Caller(account("features"), GCSFS)
        run = {"x-goog-custom-audit-thermocline": "run-20261007-1a2b3c"}
        self.thermocline = Caller(account("thermocline"), THERMOCLINE, ip="198.51.100.30", headers=run)
        self.engineer = Caller(person("engineer"), GCLOUD.format(interactive=True, script=False), ip="198.51.100.7")
        self.engineer_gsutil = Caller(person("engineer"), GSUTIL, ip="198.51.100.7")
        self.engineer_delegated = Caller(
            account("etl"),
            GCLOUD.format(interactive=True, script=False),
            ip="198.51.100.7",
            delegation=person("engineer"),
        )
        self.analyst = Caller(person("analyst"), BROWSER, ip="198.51.100.11")
        self.analyst_bigquery = Caller(person("analyst"), BIGQUERY, ip="private")
        self.analyst2 = Caller(person("analyst2"), BROWSER, ip="198.51.100.12")
        self.analyst2_bigquery = Caller(person("analyst2"), BIGQUERY, ip="private")
        self.owner = Caller(person("owner"), BROWSER, ip="198.51.100.14")
        self.outsider = Caller(person("outsider"), BROWSER, ip="203.0.113.77")
        self.anonymous = Caller("", "Go-http-client/1.1,gzip(gfe)", ip="203.0.113.99")
        self.dlp = Caller(f"service-{number}@dlp-api.iam.gserviceaccount.com", "", ip="private")
        self.antivirus = Caller(account("antivirus"), PYTHON)
        self.transfer = Caller(
            f"project-{number}@storage-transfer-service.iam.gserviceaccount.com", TRANSFER, ip="private"
        )
        self.insights = Caller(f"service-{number}@gcp-sa-storageinsights.iam.gserviceaccount.com", "", ip="private")
