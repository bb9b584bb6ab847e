# What the scripts beside this file call things; to be dot-sourced.
$ErrorActionPreference = 'Stop'

function Get-Name {
    <# .SYNOPSIS Return the names of one side, or refuse what Azure would before anything is sent. #>
    param([string]$Side, [string]$Suffix)
    if ($Suffix -cnotmatch '^[a-z0-9]{3,11}$') { throw "the suffix is 3 to 11 lower-case letters and digits, not '$Suffix'" }
    $names = @{
        provider = @{ Store = "sourcestorage$Suffix"; Account = "source-data-share-$Suffix"; Role = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1' }
        consumer = @{ Store = "deststorage$Suffix"; Account = "dest-data-share-$Suffix"; Role = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' }
    }
    if (-not $names.ContainsKey($Side)) { throw "the side is provider or consumer, not '$Side'" }
    return $names[$Side]
}

function Invoke-Az {
    <# .SYNOPSIS Run az and return what it prints; a failure ends the script. #>
    $out = & az @args
    if ($LASTEXITCODE -ne 0) { throw "az $($args[0..2] -join ' ') ended with $LASTEXITCODE" }
    return $out
}

function Get-AccountUrl {
    <# .SYNOPSIS Return the data share account's place in the control plane. #>
    param([string]$Subscription, [string]$Group, [string]$Account)
    return "https://management.azure.com/subscriptions/$Subscription/resourceGroups/$Group/providers/Microsoft.DataShare/accounts/${Account}?api-version=2021-08-01"
}
